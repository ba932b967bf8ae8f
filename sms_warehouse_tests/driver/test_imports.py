"""Who may know the driver."""

import ast
from pathlib import Path

import sms_warehouse


def imported(source: str) -> set[str]:
    """Top-level names of all modules that a source imports, anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
        elif (
            isinstance(node, ast.Call)
            and ast.unparse(node.func) in ("importlib.import_module", "import_module", "__import__")
            and node.args
            and isinstance(node.args[0], ast.Constant)
        ):
            names.add(str(node.args[0].value))
    return {name.split(".")[0] for name in names}


def test_the_resource_is_the_only_module_that_imports_the_driver() -> None:
    package = Path(sms_warehouse.__file__).parent
    sources = list(package.rglob("*.py"))
    assert len(sources) > 50
    importers = {
        str(path.relative_to(package))
        for path in sources
        if "redshift_connector" in imported(path.read_text())
    }
    assert importers == {"resources/redshift.py"}
