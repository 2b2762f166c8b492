"""A real LDAP directory: the system's slapd as an ordinary child process, in a folder of its own on a free port.

with Directory(folder) as directory:
    Ldap(directory.url, PEOPLE, bind_dn=SERVICE, bind_password=SERVICE_PASSWORD)
"""

from __future__ import annotations

import datetime as dt
import importlib.util
import ipaddress
import os
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Self

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from .serving import PATIENCE, until

BASE = "dc=example,dc=org"
PEOPLE = f"ou=people,{BASE}"
GROUPS = f"ou=groups,{BASE}"
SERVICE = f"cn=reader,{BASE}"
SERVICE_PASSWORD = "the reader's own words"
PASSWORD = "four words will do"
_ROOT = f"cn=root,{BASE}"
_ROOT_PASSWORD = "not used by what is tested"
_NEEDS = (
    "The directory tests need slapd, ldap-utils, and bonsai in .venv. On Debian: sudo apt-get install slapd ldap-utils "
    "libldap-dev libsasl2-dev gcc, then .venv/bin/pip install bonsai; ./dev test does both where it may."
)
_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
_SCHEMAS = ("/etc/ldap/schema", "/etc/openldap/schema")

_ENTRIES = rf"""
dn: {BASE}
objectClass: domain
dc: example

dn: {PEOPLE}
objectClass: organizationalUnit
ou: people

dn: {GROUPS}
objectClass: organizationalUnit
ou: groups

dn: {SERVICE}
objectClass: applicationProcess
objectClass: simpleSecurityObject
cn: reader
userPassword: {SERVICE_PASSWORD}

dn: cn=policy,{BASE}
objectClass: device
objectClass: pwdPolicy
cn: policy
pwdAttribute: userPassword
pwdLockout: TRUE

dn: uid=Ada,{PEOPLE}
objectClass: inetOrgPerson
uid: Ada
uid: lovelace
cn: Ada Lovelace
sn: Lovelace
displayName: Ada Löwe
mail: ada@example.org
userPassword: {PASSWORD}

dn: cn=Eve (ops) *\, x\\,{PEOPLE}
objectClass: inetOrgPerson
uid: eve
cn: Eve (ops) *, x\
sn: Eve
userPassword: {PASSWORD}

dn: cn=one,{PEOPLE}
objectClass: inetOrgPerson
uid: twin
cn: one
sn: Twin
userPassword: {PASSWORD}

dn: cn=two,{PEOPLE}
objectClass: inetOrgPerson
uid: twin
cn: two
sn: Twin
userPassword: {PASSWORD}

dn: cn=three,{PEOPLE}
objectClass: inetOrgPerson
uid: twin
cn: three
sn: Twin

dn: uid=ghost,{PEOPLE}
objectClass: inetOrgPerson
uid: ghost
cn: Ghost
sn: Ghost

dn: uid=bad name,{PEOPLE}
objectClass: inetOrgPerson
uid: bad name
cn: Bad
sn: Bad
mail: bad@example.org
userPassword: {PASSWORD}

dn: cn=Ops\, all,{GROUPS}
objectClass: groupOfNames
cn: Ops, all
member: uid=Ada,{PEOPLE}

dn: cn=dev,{GROUPS}
objectClass: groupOfNames
cn: dev
member: uid=Ada,{PEOPLE}
member: cn=Eve (ops) *\, x\\,{PEOPLE}

dn: cn=admins,{GROUPS}
objectClass: groupOfNames
cn: admins
member: uid=ghost,{PEOPLE}

dn: cn=posix,{GROUPS}
objectClass: posixGroup
cn: posix
gidNumber: 1000
memberUid: Ada
"""


class Directory:
    """Ready when the constructor returns. `ca`: a file with the certificate that it shows for 127.0.0.1."""

    def __init__(self, folder: Path) -> None:
        slapd = shutil.which("slapd", path=_PATH)
        schemas = next((path for path in _SCHEMAS if Path(path).is_dir()), None)
        if not (slapd and schemas and shutil.which("ldapadd", path=_PATH) and importlib.util.find_spec("bonsai")):
            pytest.fail(_NEEDS)
        self._slapd, self._folder = slapd, folder
        self._ports = (free_port(), free_port())
        self.url, self.tls_url = f"ldap://127.0.0.1:{self._ports[0]}", f"ldaps://127.0.0.1:{self._ports[1]}"
        self.ca = certificate(folder / "good")
        (folder / "data").mkdir()
        (folder / "slapd.conf").write_text(
            "\n".join(
                [
                    *(f"include {schemas}/{name}.schema" for name in ("core", "cosine", "inetorgperson", "nis")),
                    *(f"modulepath {path}" for path in ("/usr/lib/ldap", "/usr/lib64/openldap") if Path(path).is_dir()),
                    "moduleload back_mdb",
                    "moduleload memberof",
                    "moduleload ppolicy",
                    f"TLSCertificateFile {self.ca}",
                    f"TLSCertificateKeyFile {folder / 'good' / 'key.pem'}",
                    "allow bind_anon_dn",  # an empty password is no sign-in, but a yes: as in many real directories
                    "database mdb",
                    f"suffix {BASE}",
                    f"rootdn {_ROOT}",
                    f'rootpw "{_ROOT_PASSWORD}"',
                    f"directory {folder / 'data'}",
                    "overlay memberof",
                    "overlay ppolicy",
                    f"ppolicy_default cn=policy,{BASE}",
                    "access to attrs=userPassword by anonymous auth by * none",
                    f'access to * by dn.exact="{SERVICE}" read by * none',
                ]
            )
        )
        self.start()
        (folder / "entries.ldif").write_text(_ENTRIES)
        words = ["ldapadd", "-x", "-H", self.url, "-D", _ROOT, "-w", _ROOT_PASSWORD, "-f", str(folder / "entries.ldif")]
        added = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE, check=False)
        if added.returncode:
            self.stop()
            pytest.fail(f"the entries cannot be added: {added.stderr}")

    def change(self, ldif: str) -> None:
        """Add, modify or delete, as whoever administers it."""
        words = ["ldapmodify", "-x", "-H", self.url, "-D", _ROOT, "-w", _ROOT_PASSWORD]
        subprocess.run(words, input=ldif, text=True, capture_output=True, timeout=PATIENCE, check=True)

    def add(self, name: str) -> None:
        """Somebody more, with `PASSWORD`."""
        kind = f"changetype: add\nobjectClass: inetOrgPerson\nuid: {name}\ncn: {name}\nsn: {name}\n"
        self.change(f"dn: uid={name},{PEOPLE}\n{kind}mail: {name}@example.org\nuserPassword: {PASSWORD}\n")

    def remove(self, name: str) -> None:
        self.change(f"dn: uid={name},{PEOPLE}\nchangetype: delete\n")

    def lock(self, name: str, *, until: str = "000001010000Z") -> None:
        """By an administrator; or, with a time, because somebody guessed passwords."""
        change = "changetype: modify\nreplace: pwdAccountLockedTime\npwdAccountLockedTime: "
        self.change(f"dn: uid={name},{PEOPLE}\n{change}{until}\n")

    def start(self) -> None:
        words = [self._slapd, "-d", "0", "-f", str(self._folder / "slapd.conf"), "-h", f"{self.url} {self.tls_url}"]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until(self._answers, what="slapd answers")

    def stop(self) -> None:
        self._process.kill()
        self._process.wait(PATIENCE)

    def _answers(self) -> bool:
        assert self._process.poll() is None, (self._folder / "log").read_text()
        try:
            for port in self._ports:
                socket.create_connection(("127.0.0.1", port), PATIENCE).close()
        except ConnectionRefusedError:
            return False
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def free_port() -> int:
    """One that nobody has at this moment: slapd takes no port 0."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def certificate(folder: Path, host: str = "127.0.0.1") -> Path:
    """A certificate for that address that vouches for itself; its key is `key.pem` beside it."""
    folder.mkdir()
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(key.private_bytes(*form))
    (folder / "certificate.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return folder / "certificate.pem"
