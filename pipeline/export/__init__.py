"""What leaves the lake as a file or a data frame: queries over masked views of its tables, written whole or not at all."""

from pipeline.export.doors import masked_lake
from pipeline.export.write import Exported, export_rows

__all__ = ["Exported", "export_rows", "masked_lake"]
