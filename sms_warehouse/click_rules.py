"""What kind of program a User-Agent header names: the one rule about clicks that SQL cannot apply.

All other rules are in ``sql/warehouse/fact_click`` and their thresholds in ``warehouse.dim_bot_rule``. The
list of crawlers is a package's; what it cannot know is added here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum

from crawleruseragents import is_crawler


class AgentClass(StrEnum):
    """Values of ``warehouse.dim_user_agent.ua_class``."""

    HUMAN = "HUMAN"
    BOT = "BOT"
    PREVIEW = "PREVIEW"
    TOOL = "TOOL"
    EMPTY = "EMPTY"


# Fetch a page to show a picture of it in a conversation; a person may have passed the link on.
_PREVIEW = re.compile(
    r"facebookexternalhit|Facebot|Twitterbot|WhatsApp/|TelegramBot|Slackbot|Slack-ImgProxy|Discordbot|LinkedInBot"
    r"|SkypeUriPreview|Google-PageRenderer|Google-Messages|BitlyBot|redditbot|Pinterestbot|Viber|Iframely"
    r"|Snap URL Preview|Mastodon|vkShare|Applebot-Messages|LinkPreview|link[ -]?preview",
    re.IGNORECASE,
)
# Libraries and command lines. Those that a phone's apps use carry no browser's name.
_TOOL = re.compile(
    r"^(curl|wget|python|okhttp|go-http-client|java/|apache-httpclient|axios|node-fetch|node/|undici|libwww|lwp"
    r"|ruby|php|guzzle|dart|httpie|postman|insomnia|aiohttp|httpx|scrapy|powershell|dalvik/|perl|reqwest)"
    r"|CFNetwork/|HTTPClient",
    re.IGNORECASE,
)


def classify(user_agent: str) -> AgentClass:
    """The class of one User-Agent header; a missing header is the empty text."""
    if not user_agent.strip():
        return AgentClass.EMPTY
    if _PREVIEW.search(user_agent):
        return AgentClass.PREVIEW
    if _TOOL.search(user_agent):
        return AgentClass.TOOL
    if is_crawler(user_agent):
        return AgentClass.BOT
    return AgentClass.HUMAN


def classify_all(agents: Iterable[tuple[str, str]]) -> dict[AgentClass, list[str]]:
    """Keys of agents by class, of pairs of key and User-Agent."""
    found: dict[AgentClass, list[str]] = {}
    for key, user_agent in agents:
        found.setdefault(classify(user_agent), []).append(key)
    return found
