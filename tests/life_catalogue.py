"""What a database holds, down to the last row: snapshots and what differs between two of them.

Used to prove that an add-on that was uninstalled left nothing behind and took nothing along.
"""

from collections import Counter
from dataclasses import dataclass

# Touched by every write, and no content.
STAMPS = ["write_date", "write_uid"]
OURS = "SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace"
# Every kind of thing a schema can hold: its name and, where it can change, its definition.
STRUCTURE = {
    "table": f"SELECT relname, relkind::text FROM pg_class WHERE oid IN ({OURS}) AND relkind NOT IN ('i', 'S')",
    "sequence": f"SELECT relname, '' FROM pg_class WHERE oid IN ({OURS}) AND relkind = 'S'",
    "column": f"""
        SELECT a.attrelid::regclass || '.' || a.attname,
               concat_ws(' ', format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid))
          FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
         WHERE a.attrelid IN ({OURS} AND relkind IN ('r', 'v', 'm')) AND a.attnum > 0 AND NOT a.attisdropped""",
    "constraint": f"""
        SELECT conrelid::regclass || '.' || conname, pg_get_constraintdef(oid)
          FROM pg_constraint WHERE conrelid IN ({OURS}) AND contype <> 'n'""",
    "index": "SELECT tablename || '.' || indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "function": "SELECT oid::regprocedure::text, md5(prosrc) FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
    "trigger": "SELECT tgrelid::regclass || '.' || tgname, '' FROM pg_trigger WHERE NOT tgisinternal",
}


@dataclass
class Catalogue:
    """One moment of a database."""

    structure: set  # (kind, name, definition)
    rows: dict  # {table: Counter of its rows as JSON}

    def beyond(self, other, without=()):
        """What is here and not in the other one: {kind of thing or name of table: sorted list}."""
        found = {}
        for kind, name, definition in sorted(self.structure - other.structure):
            found.setdefault(kind, []).append(f"{name} {definition}".strip())
        for table, rows in self.rows.items():
            more = rows - other.rows.get(table, rows)
            if more and table not in without:
                found[table] = sorted(more.elements())
        return found

    def naming(self, word, without=()):
        """Everything whose name, definition or content has this word in it, in the same form."""
        found = {}
        for kind, name, definition in sorted(self.structure):
            if word in name + definition:
                found.setdefault(kind, []).append(name)
        for table, rows in self.rows.items():
            naming = [row for row in rows if word in row and table not in without]
            if naming:
                found[table] = sorted(naming)
        return found


def read(server, database):
    """Take the snapshot."""
    connection = server.connect(database)
    try:
        with connection.cursor() as cursor:
            structure = set()
            for kind, query in STRUCTURE.items():
                cursor.execute(query)
                structure |= {(kind, name, definition) for name, definition in cursor.fetchall()}
            tables = sorted(name for kind, name, relkind in structure if kind == "table" and relkind == "r")
            return Catalogue(structure, {table: _rows(cursor, table) for table in tables})
    finally:
        connection.close()


def _rows(cursor, table):
    # Our columns in a table of others come and go: the structure tells of them, the rows are compared without.
    query = "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attname LIKE 'aftersale%%'"
    cursor.execute(query, [f'"{table}"'])
    columns = STAMPS + [name for (name,) in cursor.fetchall()]
    cursor.execute(f'SELECT (to_jsonb(t) - %s)::text FROM "{table}" t', [columns])
    return Counter(text for (text,) in cursor.fetchall())
