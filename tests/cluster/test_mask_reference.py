"""takeout.mask_ip beside two references: PostgreSQL's own network() for IPv4, Python's ipaddress for IPv6."""

import ipaddress
import random

import pytest


@pytest.mark.parametrize("networks", [1024, pytest.param(65536, marks=pytest.mark.long)])
def test_every_host_of_many_ipv4_networks(connection, networks):
    """Networks spread over the whole of IPv4, all 256 hosts of each."""
    compared, wrong = connection.execute(f"""
        SELECT count(*), count(*) FILTER (WHERE takeout.mask_ip(ip) IS DISTINCT FROM network(set_masklen(ip, 24)))
        FROM (SELECT inet '0.0.0.0' + (n * 40503 % 65536 * 65536 + n * 251 % 256 * 256 + host) AS ip
              FROM generate_series(0::bigint, {networks - 1}) n, generate_series(0, 255) host) a""").fetchone()
    assert (compared, wrong) == (networks * 256, 0)


def longest_prefix(address):
    if address.ipv4_mapped or address in ipaddress.ip_network("64:ff9b::/96"):
        return 96 + 24
    if address.sixtofour:
        return 16 + 24
    return 48  # Teredo's server address ends at bit 64, its client's begins at bit 96


def random_ipv6(chance):
    kind = chance.randrange(6)
    ipv4, low = chance.getrandbits(32), chance.getrandbits(64)
    if kind == 0:
        return (0xFFFF << 32) | ipv4
    if kind == 1:
        return (0x0064FF9B << 96) | ipv4
    if kind == 2:
        return (0x2002 << 112) | (ipv4 << 80) | chance.getrandbits(80)
    if kind == 3:
        return (0x20010000 << 96) | (ipv4 << 64) | low
    if kind == 4:
        return (0x0064FF9B0001 << 80) | chance.getrandbits(80)
    return chance.getrandbits(128)


@pytest.mark.parametrize("count", [30_000, pytest.param(1_000_000, marks=pytest.mark.long)])
def test_random_ipv6_addresses_and_those_with_ipv4_inside(connection, count):
    chance = random.Random(20260112)
    connection.execute("CREATE TEMP TABLE expected (ip inet, masked cidr)")
    with connection.cursor().copy("COPY expected FROM STDIN") as copy:
        for _ in range(count):
            address = ipaddress.IPv6Address(random_ipv6(chance))
            network = ipaddress.ip_network((address, longest_prefix(address)), strict=False)
            copy.write_row((str(address), str(network)))
    wrong = connection.execute("SELECT ip, masked, takeout.mask_ip(ip) FROM expected "
                               "WHERE takeout.mask_ip(ip) IS DISTINCT FROM masked LIMIT 5").fetchall()
    assert wrong == []
    assert connection.execute("SELECT count(*) FROM expected").fetchone() == (count,)
    connection.execute("DROP TABLE expected")
