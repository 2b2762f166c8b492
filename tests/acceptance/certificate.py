"""A certificate that nobody signed but itself, for servers of tests."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """(certificate, key) for a host name or address, in PEM."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not here, which makes the certificate: install the package openssl.")
    cert, key = folder / f"{name}.pem", folder / f"{name}.key"
    kind = "IP" if name.replace(".", "").isdigit() else "DNS"
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    words += ["-days", "2", "-subj", f"/CN={name}", "-addext", f"subjectAltName={kind}:{name}"]
    subprocess.run([*words, "-out", cert, "-keyout", key], check=True, capture_output=True, timeout=60)
    return cert, key
