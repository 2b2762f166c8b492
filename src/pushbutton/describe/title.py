"""The title of what has only a name."""

from __future__ import annotations

import re

__all__ = ["title_of"]

_ACRONYMS = frozenset(
    """
    acl api arp aws cdn ci cli cms cpu crm css csv cve db dhcp dns ebs ec2 ecs efs eks erp etl ftp gcp gdpr gpg
    gpu gui hr html http https iam iban id imap iot ip jpg json jwt kms lan ldap lvm mfa mx nas nfs ntp oidc os
    pdf pgp php pki png pr qa raid ram rds rpc rsa s3 sdk sepa sftp sla sms smtp sns sql sqs ssh ssl sso svg tcp
    tls ttl tv udp ui uri url usb utc uuid vat vlan vm vpc vpn waf wan xml yaml zfs
    """.split()  # noqa: SIM905 - a hundred words, each in quotes, read badly
)
_MANY = frozenset({"acls", "apis", "cves", "dbs", "ids", "ips", "pdfs", "prs", "slas", "uris", "urls", "vms", "vpns"})


def title_of(name: str, *, acronyms: bool = True) -> str:
    """A name as a person would write it: deploy_shop is "Deploy shop", HTTPCheck is "HTTP check", sync_s3 is "Sync S3".

    Known acronyms are written in capitals, unless they are not wanted.
    """
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[^A-Z_\W]+|\d+", name.replace("-", "_")) if not name.islower() else []
    words = words or [word for word in re.split(r"[_\-\s.]+", name) if word]
    words = [word if len(word) > 1 and word.isupper() and not name.isupper() else word.lower() for word in words]
    if acronyms:
        words = [_spelled(word) for word in words]
    title = " ".join(words) or name
    return title[:1].upper() + title[1:]


def _spelled(word: str) -> str:
    if word in _ACRONYMS:
        return word.upper()
    return f"{word[:-1].upper()}s" if word in _MANY else word
