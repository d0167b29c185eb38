"""Bodies of the audit routes."""

from datetime import datetime
from typing import Annotated, TypeAlias

from litestar.params import QueryParameter

Text: TypeAlias = Annotated[str | None, QueryParameter(max_length=200)]
Moment: TypeAlias = datetime | None
