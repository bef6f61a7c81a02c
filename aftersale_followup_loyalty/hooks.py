from odoo.addons.aftersale_followup.hooks import forget_inherited


def uninstall_hook(env):
    """Make room for the uninstallation: to-dos hold on to our type, and users may have saved filters on our lists.

    Coupons stay: they are Odoo's own, and customers hold their codes.
    """
    activity_type = env.ref("aftersale_followup_loyalty.activity_type_reward", False)
    activities = env["mail.activity"].with_context(active_test=False)
    if activity_type:
        activities.search([("activity_type_id", "=", activity_type.id)]).unlink()
    env["mail.message"].search([("model", "=", "aftersale.reward")]).unlink()
    env["mail.followers"].search([("res_model", "=", "aftersale.reward")]).unlink()
    for model, field in (("ir.filters", "model_id"), ("ir.exports", "resource")):
        env[model].with_context(active_test=False).search([(field, "=like", "aftersale.reward%")]).unlink()
    forget_inherited(env, "aftersale_followup_loyalty", "aftersale_reward")
