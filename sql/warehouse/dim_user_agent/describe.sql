update warehouse.dim_user_agent
set
    ua_class = described_agent.ua_class,
    browser = described_agent.browser,
    os = described_agent.os,
    device_type = described_agent.device_type
from described_agent
where described_agent.ua_key = dim_user_agent.ua_key;
