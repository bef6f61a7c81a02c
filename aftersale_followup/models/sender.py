"""Who sent a form over the web, as far as its request tells: enough to see bursts, too little to know anybody."""

import ipaddress
from typing import NamedTuple

from odoo.tools import hmac

SCOPE = "aftersale_followup.sender"


class Sender(NamedTuple):
    """What a request tells of its sender. Kept only while the request runs; stored are one-way forms of it."""

    address: str
    device: str
    user_id: int = False  # of the colleague who is logged in, False for everybody else

    @classmethod
    def of(cls, request):
        headers = request.httprequest.headers
        user = request.env.user
        colleague = not user._is_public() and user._is_internal()
        return cls(
            address=request.httprequest.remote_addr or "",
            device="\n".join(headers.get(name, "") for name in ("User-Agent", "Accept-Language")),
            user_id=colleague and user.id,
        )

    def get_keys(self, env):
        """Return the one-way forms of address and device, by their fields on feedback.

        Nobody without the database's secret finds the address by trying them all. A device is told apart by its browser
        and its address: without a cookie there is nothing else.
        """
        network = get_network(self.address)
        return {
            "sender_key": hmac(env(su=True), SCOPE, network),
            "device_key": hmac(env(su=True), SCOPE, (network, self.device)),
        }

    def is_from(self, networks):
        """Return whether the address lies in one of ``networks``, a text as it is checked by `read_networks`."""
        address = _read_address(self.address)
        return bool(address) and any(address in network for network in read_networks(networks))

    def is_telling(self):
        """Return whether the address says something about the sender.

        A private one is that of our own network, or of a proxy that hides all customers behind itself.
        """
        address = _read_address(self.address)
        return bool(address) and address.is_global


def read_networks(text):
    """Return the networks that ``text`` lists, separated by spaces, commas or line breaks; raises ValueError."""
    return [ipaddress.ip_network(part, strict=False) for part in (text or "").replace(",", " ").split()]


def get_network(address):
    """Return what stands for the sender of ``address``: one connection has a whole /64 of IPv6 addresses."""
    parsed = _read_address(address)
    if parsed and parsed.version == 6:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed or address)


def _read_address(text):
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
