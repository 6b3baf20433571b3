"""Takes the schema of the Terraform provider out of the package `cdktn-provider-aws`, once, when it is installed.

    python -m aws_rules.provider_schema cdktn_provider_aws-….whl

The package is a translation of the provider's schema, 155 MB of it. What is needed is kept beside the environment's
packages.
"""

import io
import json
import re
import sys
import tarfile
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(sys.prefix) / "provider-schema.json"
DOCUMENTED = re.compile(
    r"/aws/(?P<version>[\d.]+)/docs(?:/(?P<kind>resources|data-sources)/(?P<type>\w+))?#(?P<attribute>\w+) "
)


@cache
def schema() -> dict[str, Any]:
    """`version`; `provider`, `resources` and `data`: from a type to its structure's name; `structures`: from a name to
    its attributes, each with whether it is required and the structure of its block, if it is one."""
    if not FILE.exists():
        sys.exit(f"{FILE} is not there; scripts/install makes it")
    found: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def extracted(assembly: dict[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {"version": "", "provider": {}, "resources": {}, "data": {}, "structures": {}}
    for name, entry in assembly["types"].items():
        attributes: dict[str, list[Any]] = {}
        documented: re.Match[str] | None = None
        for attribute in entry.get("properties", []) if entry["kind"] == "interface" else []:
            docs = attribute.get("docs", {})
            if found := DOCUMENTED.search(docs.get("remarks", "") + docs.get("summary", "")):
                documented = found
                attributes[found["attribute"]] = [not attribute.get("optional", False), structure(attribute["type"])]
        if documented is None:
            continue
        result["structures"][name] = attributes
        if "cdktn.TerraformMetaArguments" in entry.get("interfaces", []):
            kind = "resources" if documented["kind"] == "resources" else "data"
            result[kind][f"aws_{documented['type']}"] = name
            result["version"] = documented["version"]
        elif name.endswith(".provider.AwsProviderConfig"):
            result["provider"]["aws"] = name
    return result


def structure(kind: dict[str, Any]) -> str | None:
    """The structure that an attribute's type holds."""
    if "fqn" in kind:
        name: str = kind["fqn"]
        return name if name.startswith("@cdktn/provider-aws.") else None
    if "collection" in kind:
        return structure(kind["collection"]["elementtype"])
    for inner in kind.get("union", {}).get("types", []):
        if found := structure(inner):
            return found
    return None


def assembly_of(wheel: Path) -> dict[str, Any]:
    with zipfile.ZipFile(wheel) as package:
        name = next(name for name in package.namelist() if name.endswith(".jsii.tgz"))
        with tarfile.open(fileobj=io.BytesIO(package.read(name))) as archive:
            member = archive.extractfile("package/.jsii")
            assert member is not None
            assembly: dict[str, Any] = json.load(member)
            return assembly


if __name__ == "__main__":
    FILE.write_text(json.dumps(extracted(assembly_of(Path(sys.argv[1])))), encoding="utf-8")
