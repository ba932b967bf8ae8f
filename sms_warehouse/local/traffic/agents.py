"""Who makes HTTP requests in the simulated world: networks, browsers, previews and tools.

All are named as real ones name themselves, so that rules which classify clicks meet what they will
meet in production; which request comes from whom is decided with the clicks.
"""

from __future__ import annotations

from dataclasses import dataclass

from sms_warehouse.local.traffic.world import CARRIERS, ZONES


@dataclass(frozen=True)
class Network:
    """An autonomous system and the first two bytes of addresses it hands out here."""

    asn: int
    prefix: tuple[int, int]
    region: str = ""
    country: str = "US"


# Carrier-grade NAT: many subscribers behind few addresses. In the order of CARRIERS.
CARRIER_NETWORKS = tuple(
    Network(carrier.asn, prefix)
    for carrier, prefix in zip(
        CARRIERS,
        (
            (172, 56),
            (107, 77),
            (174, 192),
            (174, 240),
            (107, 115),
            (172, 58),
            (107, 116),
            (69, 58),
            (202, 128),
        ),
        strict=True,
    )
)
HOME_NETWORKS = (
    Network(7922, (73, 12)), Network(20115, (71, 80)), Network(701, (108, 30)), Network(7018, (99, 120)),
    Network(22773, (68, 100)), Network(11427, (70, 112)), Network(5650, (47, 200)), Network(209, (67, 40)),
)  # fmt: skip
DATACENTER_NETWORKS = (
    Network(16509, (52, 86), "VA"), Network(14618, (3, 208), "VA"), Network(15169, (66, 249), "CA"),
    Network(8075, (40, 94), "WA"), Network(396982, (34, 72), "IA"), Network(16509, (54, 229), "L", "IE"),
)  # fmt: skip
# Hosts that no list of data centres is sure to hold: what comes from them shows by its rhythm only.
OBSCURE_NETWORKS = (
    Network(9009, (89, 187), "NY"),
    Network(20473, (45, 76), "NJ"),
    Network(36352, (192, 3), "TX"),
)

_IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS {os} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/{v} Mobile/15E148 Safari/604.1"
)
_ANDROID = (
    "Mozilla/5.0 (Linux; Android {os}; {model}) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/{v}.0.0.0 Mobile Safari/537.36"
)
PHONE_AGENTS = (
    *(_IPHONE.format(os=os, v=v) for os, v in (
        ("18_5", "18.5"), ("18_4_1", "18.4"), ("18_3_2", "18.3"), ("17_7_2", "17.7"), ("17_6_1", "17.6"),
        ("16_7_10", "16.6"), ("15_8_3", "15.6"),
    )),
    *(_ANDROID.format(os=os, model=model, v=v) for os, model, v in (
        ("15", "SM-S928U", 137), ("14", "SM-S918U", 137), ("14", "SM-A546U", 136), ("14", "Pixel 8 Pro", 137),
        ("13", "SM-G991U", 135), ("13", "moto g power (2022)", 134), ("12", "SM-A136U", 131), ("10", "K", 137),
    )),
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "CriOS/137.0.7151.79 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 14; SM-S918U) AppleWebKit/537.36 (KHTML, like Gecko) "
    "SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
)  # fmt: skip
DESKTOP_AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.5 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:139.0) Gecko/20100101 Firefox/139.0",
)
PREVIEW_AGENTS = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) "
    "Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "Mozilla/5.0 (Linux; Android 13) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0 Mobile Safari/537.36 "
    "Google-PageRenderer Google (+https://developers.google.com/+/web/snippet/)",
    "WhatsApp/2.23.20.0",
    "TelegramBot (like TwitterBot)",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
)
TOOL_AGENTS = (
    "python-requests/2.32.3",
    "Go-http-client/2.0",
    "curl/8.5.0",
    "okhttp/4.12.0",
    "Java/17.0.9",
)
POLLER_AGENTS = ("DealWatch/2.1 (com.example.dealwatch; build 118) CFNetwork/1494 Darwin/23.4.0",)

LANGUAGES = ("en-US,en;q=0.9", "en-us", "es-US,es;q=0.9,en;q=0.7", "en-US,en;q=0.8,vi;q=0.5")
REFERERS = (
    "https://l.facebook.com/",
    "android-app://com.google.android.apps.messaging/",
    "https://mail.google.com/",
)

REGIONS = dict(
    zip(
        ZONES,
        (
            ("NY", "FL", "GA", "NC", "OH", "PA", "MI", "VA", "NJ", "MA"),
            ("TX", "IL", "MN", "MO", "TN", "WI", "LA"),
            ("CA", "WA", "OR", "NV"),
            ("CO", "UT", "NM"),
            ("AZ",),
            ("PR",),
            ("AK",),
            ("HI",),
        ),
        strict=True,
    )
)
