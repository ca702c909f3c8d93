"""Checks a release that ci/release.sh made: by `r4 release verify`, which must name whatever bit was
flipped, by validators of others for its papers, and the crates that each program says it is made of.

    python3 ci/release.py target/release-test"""

import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import zlib

OUT = pathlib.Path(sys.argv[1])
FILES, KEY, FOLDER = OUT / "files", OUT / "key.asc", OUT / "re4_release"
R4 = FOLDER / "bin" / "r4"


def verify(files, *arguments):
    """Returns the exit code of `r4 release verify` and what it found wrong: names and reasons."""
    done = subprocess.run([R4, "release", "verify", files, "--json", *arguments], capture_output=True, text=True)
    checks = json.loads(done.stdout)["checks"] if done.stdout else []
    return done.returncode, {check["name"]: check["fault"] for check in checks if check["fault"]}


def expect(what, got, wanted):
    assert got == wanted, f"{what}: {got} instead of {wanted}"


def flip(path, bit):
    data = bytearray(path.read_bytes())
    data[bit // 8] ^= 1 << bit % 8
    path.write_bytes(data)


def flips():
    """Flips bits all over a copy, one at a time; the file must be named each time."""
    pinned = ["--key", KEY]
    expect("a good release", verify(FILES, *pinned, "--unpacked", FOLDER), (0, {}))
    expect("a release without a key", verify(FILES), (3, {}))
    count = 0
    with tempfile.TemporaryDirectory() as scratch:
        files, folder = pathlib.Path(scratch, "files"), pathlib.Path(scratch, "re4_release")
        shutil.copytree(FILES, files)
        shutil.copytree(FOLDER, folder)
        for path in sorted(files.iterdir()):
            bits = path.stat().st_size * 8
            for bit in {0, bits - 1, *(random.randrange(bits) for _ in range(3))}:
                flip(path, bit)
                code, faults = verify(files, *pinned)
                assert code == 1 and path.name in faults, f"bit {bit} of {path.name}: {code} {faults}"
                flip(path, bit)
                count += 1
        inside = sorted(path for path in folder.rglob("*") if path.is_file())
        for path in random.sample(inside, 8) + [folder / "runtime/bin/re4_dump"]:
            bit = random.randrange(max(1, path.stat().st_size * 8))
            flip(path, bit)
            code, faults = verify(files, *pinned, "--unpacked", folder)
            assert code == 1 and list(faults) == [str(path)], f"bit {bit} of {path}: {code} {faults}"
            flip(path, bit)
            count += 1
        oddities(files, folder, pinned)
    print(f"{count} flipped bits, each named")


def oddities(files, folder, pinned):
    """What is not a flipped bit: a file too many, one too few, a changed mode, a stranger's key."""
    for change, undo, name in [
        (lambda: (folder / "x").write_text(""), lambda: (folder / "x").unlink(), "x"),
        (lambda: (folder / "Caddyfile").rename(folder / ".env"), lambda: (folder / ".env").rename(folder / "Caddyfile"), "Caddyfile"),
        (lambda: (folder / "Caddyfile").chmod(0o755), lambda: (folder / "Caddyfile").chmod(0o644), "Caddyfile"),
    ]:
        change()
        code, faults = verify(files, *pinned, "--unpacked", folder)
        assert code == 1 and list(faults) == [str(folder / name)], f"{name}: {code} {faults}"
        undo()
    with tempfile.TemporaryDirectory() as home:
        environment = dict(os.environ, GNUPGHOME=home)
        gpg = ["gpg", "--batch", "--quiet", "--passphrase", ""]
        subprocess.run([*gpg, "--quick-generate-key", "Somebody else", "ed25519", "sign", "never"], env=environment, check=True, stderr=subprocess.DEVNULL)
        other = pathlib.Path(home, "other.asc")
        other.write_bytes(subprocess.run([*gpg, "--armor", "--export"], env=environment, check=True, capture_output=True).stdout)
        subprocess.run(["gpgconf", "--kill", "all"], env=environment, check=True)
        code, faults = verify(files, "--key", other)
        assert code == 1 and {"re4_release.sha256.asc", "re4_release.tar.gz.asc"} <= set(faults), faults


def papers():
    """Lets the validators of the two formats read the bills of materials."""
    venv = pathlib.Path("target/tools/papers")
    python = venv / "bin" / "python3"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        wanted = ["spdx-tools==0.8.5", "cyclonedx-python-lib[json-validation]==11.5.0"]
        subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *wanted], check=True)
    check = """
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document
spdx, cyclonedx = sys.argv[1:]
faults = [str(m.validation_message) for m in validate_full_spdx_document(parse_file(spdx), "SPDX-2.3")]
fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(open(cyclonedx).read())
sys.exit("\\n".join(faults[:5] + [str(fault)] * (fault is not None)) or None)
"""
    subprocess.run([python, "-c", check, FILES / "SBOM.spdx.json", FILES / "SBOM.cdx.json"], check=True)
    print("both bills of materials are valid")


def crates():
    """Each program carries the list of its crates (cargo auditable), and the bill names all of them."""
    bill = json.loads((FILES / "SBOM.spdx.json").read_text())["packages"]
    known = {(package["name"], package.get("versionInfo")) for package in bill}
    for program in sorted([*FOLDER.glob("bin/*"), FOLDER / "runtime/bin/re4_dump"]):
        with tempfile.NamedTemporaryFile() as section:
            subprocess.run(["objcopy", "-O", "binary", "--only-section=.dep-v0", "--set-section-flags", ".dep-v0=alloc", program, section.name], check=True)
            carried = json.loads(zlib.decompress(pathlib.Path(section.name).read_bytes()))["packages"]
        carried = {(package["name"], package["version"]) for package in carried if package.get("kind") != "build"}
        assert len(carried) > 5 and carried <= known, f"{program.name}: {carried - known}"
        print(f"{program.name} is made of {len(carried)} crates, all in the bill of materials")


flips()
papers()
crates()
