-- One row per variant of a campaign with at least two: those that messages were attempted of, and those its current image
-- gives a share. Only messages of the last 90 days that were sent 72 hours or more before as_of count, so that every one
-- of them has had the time its clicks are counted for.
create table if not exists reports.ab_variant (
    -- The campaign.
    campaign_id varchar(64) not null,
    -- The variant; of one that no message was sent of, as warehouse.dim_variant has it.
    variant_id varchar(256) not null,
    -- Whether the campaign declares this variant its control; NULL for a variant no campaign declares.
    is_control boolean,
    -- Messages handed to the network: what the allocation is compared with.
    attempted bigint not null,
    -- Sent, and all parts delivered in one attempt: the denominator.
    delivered bigint not null,
    -- Delivered messages whose first click by a person came within 72 hours.
    clicked_72h bigint not null,
    -- clicked_72h / delivered; NULL without deliveries.
    ctr_72h decimal(18, 6),
    -- ctr_72h of the campaign's control; NULL when it declares none, or more than one.
    control_ctr decimal(18, 6),
    -- ctr_72h - control_ctr; NULL for the control itself.
    abs_lift decimal(18, 6),
    -- abs_lift / control_ctr; NULL for the control itself.
    rel_lift decimal(18, 6),
    -- Two-proportion z with pooled variance: (p1 - p0) / sqrt(p (1 - p) (1 / n1 + 1 / n0)), n being delivered messages.
    z decimal(18, 6),
    -- Two-sided: '<0.001', '<0.01', '<0.05' or '>=0.05'. Of many variants compared at once some pass by chance.
    p_value_bucket varchar(8),
    -- Sample ratio mismatch: a chi-square test of attempted against the shares the campaign now declares, true below
    -- p = 0.001: then do not trust the comparison. NULL unless each variant has a share above 0 that lets 5 messages or
    -- more be expected. Shares that were changed on the way look like a mismatch.
    srm_flag boolean,
    -- At least 1,000 delivered messages of this variant and of the control, and none of the campaign's messages with a
    -- variant is under 72 hours old: a test that goes on sending is never ready. False without exactly one control.
    decision_ready boolean not null,
    -- The clock of the refresh, UTC.
    as_of timestamp not null
)
diststyle all
sortkey (campaign_id, variant_id);
