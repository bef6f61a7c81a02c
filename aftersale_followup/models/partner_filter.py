import ast

from odoo.exceptions import ValidationError
from odoo.fields import Domain


def read_partner_domain(env, text, name):
    """Return the customer filter ``text`` as a Domain; raise ValidationError when it cannot be used.

    :param name: of the plan or list that has the filter, for the message
    """
    try:
        domain = Domain(ast.literal_eval(text or "[]"))
        domain.validate(env["res.partner"])
    except (ValueError, SyntaxError, TypeError, KeyError) as error:
        raise ValidationError(
            env._(
                "The customer filter of “%(name)s” cannot be used: %(error)s. Build it again with the editor.",
                name=name,
                error=error,
            )
        ) from error
    return domain
