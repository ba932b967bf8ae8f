"""What a User-Agent header says of the program and the device: what SQL cannot tell.

All other rules about clicks are in ``sql/warehouse/fact_click`` and their thresholds in ``warehouse.dim_bot_rule``.
The list of crawlers is a package's (crawler-user-agents), as are browsers and systems (ua-parser); what they cannot
know is added here.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

from crawleruseragents import is_crawler
from ua_parser import parse_os, parse_user_agent


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


class Agent(NamedTuple):
    """What is known of a User-Agent; ``browser`` and ``os`` are None when it does not say."""

    ua_class: str
    browser: str | None
    os: str | None
    device_type: str


_DESKTOPS = {"Windows", "Mac OS X", "Linux", "Ubuntu", "Chrome OS", "Fedora", "Debian", "FreeBSD"}
_NAME_BYTES = 64


def device_type(user_agent: str, os: str | None) -> str:
    """MOBILE, TABLET, DESKTOP or OTHER.

    Browsers on Android say "Mobile" on phones and leave it out on tablets
    (https://developer.mozilla.org/docs/Web/HTTP/Browser_detection_using_the_user_agent).
    """
    if "iPad" in user_agent or "Tablet" in user_agent:
        return "TABLET"
    if os == "Android":
        return "MOBILE" if "Mobile" in user_agent else "TABLET"
    if os == "iOS" or "Mobile" in user_agent:
        return "MOBILE"
    return "DESKTOP" if os in _DESKTOPS else "OTHER"


def describe(user_agent: str) -> Agent:
    """What one User-Agent header says; a missing header is the empty text."""
    browser, system = parse_user_agent(user_agent), parse_os(user_agent)
    os = _cut(system.family) if system else None
    return Agent(
        str(classify(user_agent)),
        _cut(browser.family) if browser else None,
        os,
        device_type(user_agent, os),
    )


def _cut(name: str) -> str:
    """As much of a name as its column holds: VARCHAR counts bytes, and no character is cut in two."""
    return name.encode()[:_NAME_BYTES].decode(errors="ignore")
