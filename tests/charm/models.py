"""Holds a charm's YAML files against charmcraft's own models: models.py CHARM-DIRECTORY.

Two files by themselves, and then all as the one file of a newer charm, for every base. Prints what fits.
"""

import pathlib
import sys

import yaml
from charmcraft.models.config import JujuConfig
from charmcraft.models.metadata import CharmMetadataLegacy
from charmcraft.models.project import PlatformCharm

FOLDER = pathlib.Path(sys.argv[1])
METADATA, CONFIG, ACTIONS, MANIFEST = (
    yaml.safe_load((FOLDER / f"{name}.yaml").read_text()) for name in ("metadata", "config", "actions", "manifest")
)
# What charmcraft wants to know of how it would build the charm.
BUILD = {"type": "charm", "parts": {"charm": {"plugin": "dump", "source": "."}}, "platforms": {"amd64": None}}
# In the one file these have other names, or none.
RENAMED = {"display-name", "maintainer", "tags"}

CharmMetadataLegacy.unmarshal(dict(METADATA))
JujuConfig.unmarshal(CONFIG)
print("metadata config")
declared = {key: value for key, value in METADATA.items() if key not in RENAMED}
for base in MANIFEST["bases"]:
    of = {**BUILD, "title": METADATA["display-name"], "base": f"{base['name']}@{base['channel'].split('/')[0]}"}
    PlatformCharm.unmarshal({**declared, **of, "config": CONFIG, "actions": ACTIONS})
    print(of["base"])
