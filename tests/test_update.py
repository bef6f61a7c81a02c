"""A database of the release before, in use, is brought up to date: users find all they had, and all that is new.

No warning on the way, and no constraint, index or column that a new database has is missing in the end.
"""

import os
from argparse import Namespace

import life_catalogue
import pytest
from loop_company import Company
from update_past import Past
from update_release import Release, Rows, complaints, installed

from devkit.commands import run
from devkit.database import manifest
from devkit.paths import ADDON

FORMER = "19.0.1.0.0"
SERVE = ("--max-cron-threads=0",)
# The group that supervisors had is a setting now.
GROUPS = {"res_groups", "res_groups_implied_rel", "rule_group_rel"}
# Made by users, on tables of ours: a field, and the numbers of each year.
OWN = ("x_colour", "ir_sequence_")


@pytest.fixture(scope="session")
def former(tmp_path_factory):
    return Release(FORMER, tmp_path_factory.mktemp("release"))


@pytest.fixture
def names(databases):
    """Names for a database of the past and one of today; both go with the test."""
    pair = [f"aftersale_update_{os.getpid()}_{kind}" for kind in ("old", "new")]
    yield pair
    for name in pair:
        databases.drop(name)


def is_like_new(databases, names, **options):
    """The updated database has the tables, columns, constraints and indexes of a new one, and no more."""
    old, new = names
    databases.create(new, **options)
    updated, fresh = (life_catalogue.read(databases.server, name).structure for name in (old, new))
    assert sorted(fresh - updated) == []
    assert [thing for thing in sorted(updated - fresh) if not any(own in thing[1] for own in OWN)] == []
    # What only links to records of ours is added by an update, and never taken away.
    assert links(databases, old) == links(databases, new)


def links(databases, name):
    """Who gets a menu of ours, and whom a record rule of ours is about, by their names."""
    query = """
        SELECT d.name, g.name FROM (
               SELECT 'ir.ui.menu' AS model, menu_id AS id, gid FROM ir_ui_menu_group_rel
         UNION SELECT 'ir.rule', rule_group_id, group_id FROM rule_group_rel) l
          JOIN ir_model_data d ON d.model = l.model AND d.res_id = l.id AND d.module = %s
          JOIN ir_model_data g ON g.model = 'res.groups' AND g.res_id = l.gid"""
    return sorted(databases.server.sql(query, [ADDON], database=name))


def rules(databases, name):
    """{name of a record rule of ours: its domain, in one kind of quotes and without line breaks}."""
    query = """SELECT d.name, r.domain_force FROM ir_rule r JOIN ir_model_data d ON d.res_id = r.id
                WHERE d.model = 'ir.rule' AND d.module = %s"""
    rows = databases.server.sql(query, [ADDON], database=name)
    return {rule: " ".join((domain or "").replace("'", '"').split()) for rule, domain in rows}


def test_an_update_keeps_what_users_have(databases, server, former, names):
    old, new = names
    former.install(databases, old, lang="zh_CN")
    served = server(old, former.option, *SERVE)
    past = Past(Company(served), databases)
    past.everything()
    served.stop()
    before = Rows(databases, old)

    databases.odoo_step(f"updating {old}", old, "-u", ADDON)
    assert complaints(old) == []
    assert installed(databases, old) == manifest()["version"] != FORMER
    changed = [row for row in before.lost(Rows(databases, old)) if row[0] not in GROUPS]
    assert past.surprises(changed) == []
    is_like_new(databases, names, demo=False, lang="zh_CN")
    today = {**rules(databases, new), "issue_rule_agent": '[(1, "=", 1)]'}  # edited
    assert rules(databases, old) == today
    past.is_carried_over()

    served = server(old, *SERVE)
    past.goes_on(Company(served))
    assert served.errors() == []


def test_dev_run_updates_an_old_demo_database(databases, server, former, names, monkeypatch):
    old = names[0]
    former.install(databases, old, demo=True)
    monkeypatch.setattr(run, "NAME", old)
    run._database(databases, Namespace(fresh=False, lang=None))
    assert complaints(old) == []
    assert installed(databases, old) == manifest()["version"] != FORMER
    assert databases.server.sql("SELECT demo FROM ir_module_module WHERE name = %s", [ADDON], database=old) == [(True,)]
    is_like_new(databases, names, demo=True)
    windows = "SELECT DISTINCT window_from, window_to FROM aftersale_followup WHERE state = 'planned' ORDER BY 1"
    assert databases.server.sql(windows, database=old) == [(2, 3), (3, 7)]  # counted as their plans say

    # An analysis of then, with fewer figures, is read and printed today.
    company = Company(server(old, *SERVE))
    analysis = company.ref("analysis_month_demo")
    assert company.read("aftersale.analysis", analysis, "headline", "state")[1] == "issued"
    assert "<table" in company.read("aftersale.analysis", analysis, "figures_html")
    assert company.call("aftersale.analysis", "action_print", [analysis])["type"].startswith("ir.actions")
    assert company.server.errors() == []
