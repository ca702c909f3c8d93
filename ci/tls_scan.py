"""Judges what sslscan found (its XML): names every weak setting, exit code 1 when there is one."""

import re
import sys
import xml.etree.ElementTree as xml

WEAK_GROUP = re.compile(r"sect|secp(1|22)|prime192|brainpool.*(160|192|224)|ffdhe1|dhe_?(512|768|1024)", re.I)
WEAK_SIGNATURE = re.compile(r"sha1|md5|sha224|dsa_sha(1|224)|^any$", re.I)


def faults(test):
    """Yields what is weak."""
    enabled = {}
    for protocol in test.iter("protocol"):
        name = f"{protocol.get('type').upper().replace('TLS', 'TLSv').replace('SSL', 'SSLv')}{protocol.get('version')}"
        enabled[name] = protocol.get("enabled") == "1"
        if enabled[name] and name not in ("TLSv1.2", "TLSv1.3"):
            yield f"the protocol {name} is offered"
    if not enabled.get("TLSv1.3"):
        yield "TLSv1.3 is not offered"
    ciphers = [(cipher.get("sslversion"), cipher.get("cipher")) for cipher in test.iter("cipher")]
    if not ciphers:
        yield "no suite was found"
    for version, cipher in ciphers:
        forward = version == "TLSv1.3" or cipher.startswith(("ECDHE-", "DHE-", "TLS_ECDHE_", "TLS_DHE_"))
        sealed = re.search(r"GCM|CHACHA20|CCM", cipher)
        if not (forward and sealed):
            yield f"the suite {cipher} of {version} has no {'authenticated encryption' if forward else 'forward secrecy'}"
    for kind, weak in (("group", WEAK_GROUP), ("connection-signature-algorithm", WEAK_SIGNATURE)):
        for found in test.iter(kind):
            if weak.search(found.get("name", "")):
                yield f"{kind} {found.get('name')} is accepted"
    for kind, attribute, fine in (("compression", "supported", "0"), ("heartbleed", "vulnerable", "0")):
        if any(found.get(attribute, fine) != fine for found in test.iter(kind)):
            yield f"{kind} is there"
    if any(found.get("supported") == "1" and found.get("secure") == "0" for found in test.iter("renegotiation")):
        yield "renegotiation is not secure"


def main():
    """Judges the file in the argument."""
    test = xml.parse(sys.argv[1]).find("ssltest")
    weak = ["nothing was scanned"] if test is None else list(faults(test))
    for fault in weak:
        print(f"WEAK: {fault}")
    if test is not None:
        good = sorted({f"{cipher.get('sslversion')} {cipher.get('cipher')}" for cipher in test.iter("cipher")})
        groups = sorted({group.get("name") for group in test.iter("group")})
        print(f"  {len(good)} suites: {', '.join(good)}\n  groups: {', '.join(groups)}")
    sys.exit(1 if weak else 0)


if __name__ == "__main__":
    main()
