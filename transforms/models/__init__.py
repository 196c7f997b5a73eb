"""Models: tables of the schemas `unified` and `mart`, each one SELECT over tables declared beside it.

Reading and ordering parses no SQL; what does is loaded on first use, so that a DAG file can ask which models there are.
"""

from typing import TYPE_CHECKING, Any

from transforms.models.model import Column, Input, Model
from transforms.models.order import in_order
from transforms.models.reader import read_folder, read_models

if TYPE_CHECKING:
    from transforms.models.check import check_models
    from transforms.models.lineage import field_lineage

__all__ = ["Column", "Input", "Model", "check_models", "field_lineage", "in_order", "read_folder", "read_models"]


def __getattr__(name: str) -> Any:
    if name == "check_models":
        from transforms.models.check import check_models

        return check_models
    if name == "field_lineage":
        from transforms.models.lineage import field_lineage

        return field_lineage
    raise AttributeError(name)
