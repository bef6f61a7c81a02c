# An order or a target list leads to a follow-up for each touchpoint of a plan; the others to one.
PER_TOUCHPOINT = ("order:", "target:")


def prepare_occasion(company, partner, origin, label, moment, **facts):
    """Return what planning must know about one reason to ask ``partner``, as a dictionary.

    :param origin: what led to it; with the plan it makes the follow-up unique
    :param label: the reason in words, as it stands in the explanation ("receipt")
    :param moment: naive UTC moment from which the window counts
    :param facts: order, picking, issue, action, target, ripple_issue (another customer's issue that this one is checked
        for), products, team, sales_user, delivery_user (records, empty by default);
        amount in company currency; asked: whether this very matter was asked about of late; plan: the only one this
        occasion is for; counts_from: what the moment is, where plans choose;
        trigger: of the plans this is for, where those of several are asked; note: a sentence for the explanation
    """
    env = company.env
    return {
        "origin": origin,
        "label": label,
        "company": company,
        "partner": partner,
        "order": env["sale.order"],
        "picking": env["stock.picking"],
        "issue": env["aftersale.issue"],
        "action": env["aftersale.action"],
        "target": env["aftersale.target"],
        "ripple_issue": env["aftersale.issue"],
        "products": env["product.product"],
        "team": env["crm.team"],
        "sales_user": env["res.users"],
        "delivery_user": env["res.users"],
        "amount": 0.0,
        "asked": False,
        "plan": env["aftersale.plan"],
        "counts_from": "",
        "trigger": "",
        "note": "",
        "moment": moment,
        **facts,
    }


def origins_of(occasion, plan):
    """Return {origin: touchpoint} of the follow-ups that ``occasion`` leads to under ``plan``.

    The touchpoint is the empty recordset where the window is the plan's own.
    """
    origin, touchpoints = occasion["origin"], plan._get_touchpoints()
    if not origin.startswith(PER_TOUCHPOINT):
        return {origin: touchpoints.browse()}
    return {f"{origin}:{touchpoint.id or 0}": touchpoint for touchpoint in touchpoints or [touchpoints]}
