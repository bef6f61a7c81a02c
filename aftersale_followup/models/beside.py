import logging
from contextlib import contextmanager

from psycopg2 import OperationalError

_logger = logging.getLogger(__name__)


@contextmanager
def beside(record, warning):
    """Do what goes with ``record`` in the making; what fails there is a ``warning`` and keeps nothing from it."""
    try:
        with record.env.cr.savepoint():
            yield
    except OperationalError:
        # Another transaction was faster; the record is made again as a whole.
        raise
    except Exception:
        _logger.warning(warning, record, exc_info=True)
