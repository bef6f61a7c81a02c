"""Inside Odoo: follow-ups, ratings and a survey that wait to be answered, with the same customers and questions."""

from datetime import timedelta

from odoo import fields

SCORE, CHOICE, TEXT = "5", 0, "Works well, thank you."  # no word in it names a problem


def prepare(env, count):
    """Make `count` of each; the links, and what a customer fills in."""
    env["ir.config_parameter"].set_param("aftersale_followup.page_rate", "100000")
    env.company.aftersale_seconds_per_question = 0  # a program answers faster than a person, and is to be believed
    partners = env["res.partner"].create(
        [{"name": f"Customer {n}", "email": f"c{n}@example.com"} for n in range(count)]
    )
    product = env["product.product"].create({"name": "Kettle", "is_storable": True})
    survey = env.ref("aftersale_followup.survey_new")
    return {
        "followups": _followups(env, partners, product, survey),
        "ratings": _ratings(env, partners),
        "form": _form(survey),
        "survey": _survey(survey),
    }


def _followups(env, partners, product, survey):
    plan, now = env.ref("aftersale_followup.plan_new"), fields.Datetime.now()
    assert plan.survey_id == survey
    today = env.company._aftersale_today()
    return (
        env["aftersale.followup"]
        .sudo()
        .create(
            [
                {
                    "origin": f"bench:{partner.id}",
                    "plan_id": plan.id,
                    "scenario": plan.scenario,
                    "contact_class": plan.contact_class,
                    "partner_id": partner.id,
                    "product_ids": product.ids,
                    "channel_id": env.ref("aftersale_followup.channel_email").id,
                    "state": "ready",
                    "lang": "en_US",
                    "date_planned": today,
                    "date_deadline": today,
                    "date_sent": now,
                    "date_expiry": now + timedelta(days=14),
                }
                for partner in partners
            ]
        )
        .mapped("access_token")
    )


def _ratings(env, partners):
    project = env["project.project"].create({"name": "Service"})
    tasks = env["project.task"].create(
        [{"name": f"Repair for {p.name}", "partner_id": p.id, "project_id": project.id} for p in partners]
    )
    return [task._rating_get_access_token() for task in tasks]


def _form(survey):
    """The fields of our page, all six answers."""
    form = []
    for question in survey._aftersale_form()["questions"]:
        name = f"q{question['id']}"
        if question["type"] == "scale":
            form.append((name, SCORE if question["role"] == "satisfaction" else "9"))
        elif question["type"] == "matrix":
            form += [(f"{name}_{row['id']}", str(question["choices"][-1]["id"])) for row in question["rows"]]
        else:
            form.append((name, str(question["choices"][CHOICE]["id"]) if question["choices"] else TEXT))
    return form


def _survey(survey):
    """A survey of Odoo's own with the same questions, and the same answers in its terms."""
    plain = survey.copy({"survey_type": "custom", "access_mode": "public"})
    plain.question_ids.aftersale_role = False
    answers = {}
    for question in plain.question_ids:
        choices, rows = question.suggested_answer_ids.ids, question.matrix_row_ids.ids
        if question.question_type == "scale":
            answers[question.id] = SCORE if question.scale_max == 5 else "9"
        elif question.question_type == "matrix":
            answers[question.id] = {row: [str(choices[-1])] for row in rows}
        else:
            answers[question.id] = [str(choices[CHOICE])] if choices else TEXT
    assert len(answers) == 6
    return {"token": plain.access_token, "answers": answers}


def count(env):
    """How many answers were kept: of our page, of the rating page, of the survey."""
    return [
        env["aftersale.feedback"].search_count([("score", "=", 5), ("evidence", "!=", "suspicious")]),
        env["rating.rating"].search_count([("consumed", "=", True), ("rating", "=", 5)]),
        env["survey.user_input"].search_count([("state", "=", "done"), ("survey_id.survey_type", "=", "custom")]),
    ]
