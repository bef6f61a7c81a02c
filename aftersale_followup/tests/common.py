from datetime import datetime

from odoo import fields
from odoo.fields import Command
from odoo.tests import TransactionCase, new_test_user


class AftersaleCase(TransactionCase):
    """People, products and builders. Monday 2 March 2026, 10:00 UTC is a usual "today" of the dated tests."""

    # Tests run at night and on Sundays, too: only those about contact hours keep them, and freeze the time.
    contact_hours = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not cls.contact_hours:
            cls.classPatch(cls.registry["aftersale.followup"], "_get_openings", lambda *args, **options: {})
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": True, "no_reset_password": True})
        cls.company = cls.env.company
        cls.company.resource_calendar_id = cls.env["resource.calendar"].create(
            {"name": "Monday to Friday", "tz": "UTC", "company_id": cls.company.id}
        )
        cls.env["resource.calendar.leaves"].search([]).unlink()
        cls.agent = cls._user("asf_agent_one", "aftersale_followup.group_agent")
        cls.agent_2 = cls._user("asf_agent_two", "aftersale_followup.group_agent")
        cls.supervisor = cls._user("asf_supervisor", "aftersale_followup.group_supervisor")
        cls.manager = cls._user("asf_manager", "aftersale_followup.group_manager")
        cls.team = cls.env["crm.team"].create(
            {
                "name": "After-sales",
                "user_id": cls.supervisor.id,
                "company_id": cls.company.id,
                "crm_team_member_ids": [Command.create({"user_id": cls.agent.id})],
            }
        )
        cls.company.aftersale_team_id = cls.team
        cls.plan_new = cls.env.ref("aftersale_followup.plan_new")
        cls.plan_verify = cls.env.ref("aftersale_followup.plan_verify")
        (cls.plan_new | cls.plan_verify).date_start = "2020-01-01"
        cls.warehouse = cls.env["stock.warehouse"].search([("company_id", "=", cls.company.id)], limit=1)
        cls.product = cls._product("Kettle")
        cls.partner = cls.env["res.partner"].create(
            {"name": "Wang Fang", "email": "wang.fang@example.com", "phone": "+8613800001234", "lang": "en_US"}
        )

    @classmethod
    def _user(cls, login, groups):
        return new_test_user(cls.env, login, groups=f"base.group_user,{groups}", email=f"{login}@example.com")

    @classmethod
    def _product(cls, name, quantity=1000):
        product = cls.env["product.product"].create({"name": name, "is_storable": True, "list_price": 10.0})
        if quantity:
            cls.env["stock.quant"]._update_available_quantity(product, cls.warehouse.lot_stock_id, quantity)
        return product

    @classmethod
    def _order(cls, partner=None, products=None, quantity=1.0, confirm=True, **values):
        """Return a sale order of one line per product, confirmed unless told otherwise."""
        products = products or cls.product
        order = cls.env["sale.order"].create(
            {
                "partner_id": (partner or cls.partner).id,
                "order_line": [
                    Command.create({"product_id": product.id, "product_uom_qty": quantity}) for product in products
                ],
                **values,
            }
        )
        if confirm:
            order.action_confirm()
        return order

    @classmethod
    def _deliver(cls, order, quantity=None, backorder=True):
        """Validate the open outgoing deliveries of ``order`` as the button does; return them."""
        pickings = order.picking_ids.filtered(lambda p: p.state not in ("done", "cancel"))
        for move in pickings.move_ids:
            move.quantity = move.product_uom_qty if quantity is None else quantity
            move.picked = True
        context = {"skip_backorder": True}
        if not backorder:
            context["picking_ids_not_to_backorder"] = pickings.ids
        pickings.with_context(**context).button_validate()
        return pickings

    @classmethod
    def _planned(cls, partner=None, plan=None, **values):
        """Return a planned follow-up made without an order, as an import or another add-on would."""
        plan = plan or cls.plan_new
        today = cls.company._aftersale_today()
        partner = partner or cls.partner
        cls.counter = getattr(cls, "counter", 0) + 1
        return cls.env["aftersale.followup"].create(
            {
                "origin": f"test:{cls.counter}",
                "plan_id": plan.id,
                "scenario": plan.scenario,
                "contact_class": plan.contact_class,
                "partner_id": partner.id,
                "product_ids": [Command.set(cls.product.ids)],
                "user_id": cls.agent.id,
                "team_id": cls.team.id,
                "company_id": cls.company.id,
                "lang": "en_US",
                "email_key": partner.email_normalized,
                "phone_key": partner.phone_sanitized,
                "date_planned": today,
                "date_deadline": today,
                "date_next": fields.Datetime.now(),
                **values,
            }
        )

    @classmethod
    def _ready(cls, **values):
        followup = cls._planned(**values)
        followup._contact()
        return followup

    @classmethod
    def _feedback(cls, followup=None, **values):
        """Return feedback as a customer gives it online."""
        followup = followup or cls._ready()
        if values.get("evidence") == "suspicious":
            values.setdefault("suspicious_reason", "Answered too fast")
        if values.get("correction_of_id"):
            values.setdefault("correction_reason", "Misheard on the phone")
        return cls.env["aftersale.feedback"].create(
            {
                "followup_id": followup.id,
                "source": "customer",
                "channel_id": cls.env.ref("aftersale_followup.channel_online").id,
                **values,
            }
        )

    @classmethod
    def _issue(cls, **values):
        return cls.env["aftersale.issue"].create(
            {
                "title": "The lid leaks",
                "partner_id": cls.partner.id,
                "product_id": cls.product.id,
                "team_id": cls.team.id,
                "tag_ids": [Command.set(cls.env.ref("aftersale_followup.tag_functional_defect").ids)],
                **values,
            }
        )

    @classmethod
    def _solved_issue(cls, **values):
        """Return an issue that is done; its verification is planned."""
        issue = cls._issue(user_id=cls.agent.id, **values)
        issue.state = "processing"
        issue.write({"root_cause": "Worn seal", "solution": "Seal replaced", "state": "done"})
        return issue


def utc(text):
    """Return the naive UTC datetime of ``YYYY-MM-DD HH:MM``."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M")
