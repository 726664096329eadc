"""Package metadata from settings.ini; datasets and results travel inside the package."""
from configparser import ConfigParser
from pathlib import Path

from setuptools import setup

settings = ConfigParser(delimiters=["="])
settings.read(Path(__file__).parent / "settings.ini", encoding="utf-8")
meta = settings["DEFAULT"]
carried = [name for name in ("datasets", "exercises", "results") if Path(name).is_dir()]

setup(
    name=meta["lib_name"],
    version=meta["version"],
    description=meta["description"],
    long_description=Path("README.md").read_text(encoding="utf-8") if Path("README.md").exists() else "",
    long_description_content_type="text/markdown",
    author=meta["author"],
    author_email=meta["author_email"],
    url=meta["git_url"],
    license="Apache-2.0",
    keywords=meta["keywords"],
    python_requires=f">={meta['min_python']}",
    install_requires=meta["requirements"].split(),
    extras_require={
        key.removesuffix("_requirements"): value.split() for key, value in meta.items() if key.endswith("_requirements")
    },
    packages=[meta["lib_name"], *(f"{meta['lib_name']}.{name}" for name in carried)],
    package_dir={f"{meta['lib_name']}.{name}": name for name in carried},
    package_data={f"{meta['lib_name']}.{name}": ["**/*"] for name in carried},
    entry_points={
        "console_scripts": meta["console_scripts"].split(),
        "nbdev": [f"{meta['lib_name']}={meta['lib_path']}._modidx:d"],
    },
)
