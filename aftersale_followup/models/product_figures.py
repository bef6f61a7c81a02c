from odoo.fields import Domain
from odoo.tools import SQL

from .score_trend import NOTHING, read_scores, score_sums


def product_figures(products, model, domain, aggregates):
    """Return {product id: values of ``aggregates``} over the records ``f`` of ``model`` that the user may read.

    In SQL, since what is about two variants of a product counts once, which a grouping by variant cannot do.

    :param products: templates, or variants
    """
    records = products.env[model]
    if not products.ids or not records.has_access("read"):
        return {}
    path, column = ("product_ids", "id")
    if products._name == "product.template":
        path, column = ("product_ids.product_tmpl_id", "product_tmpl_id")
    records.flush_model()
    relation = records._fields["product_ids"]
    rows = products.env.execute_query(
        SQL(
            """SELECT about.product, %(aggregates)s
                 FROM (SELECT DISTINCT p.%(column)s AS product, r.%(record)s AS record
                         FROM %(relation)s r
                         JOIN product_product p ON p.id = r.%(product)s) AS about
                 JOIN %(table)s f ON f.id = about.record
                WHERE about.product = ANY(%(products)s) AND f.id IN %(allowed)s
             GROUP BY about.product""",
            aggregates=aggregates,
            column=SQL.identifier(column),
            relation=SQL.identifier(relation.relation),
            record=SQL.identifier(relation.column1),
            product=SQL.identifier(relation.column2),
            table=SQL.identifier(records._table),
            products=products.ids,
            allowed=records._search(domain & Domain(path, "in", products.ids)).subselect(),
        )
    )
    return {product: values for product, *values in rows}


def set_product_scores(products):
    """Set the number of valid answers, their average and its trend on ``products``, templates or variants."""
    sums = SQL("COUNT(*), %s", score_sums(SQL("f.score"), SQL("f.date")))
    figures = product_figures(products, "aftersale.feedback", Domain("is_valid", "=", True), sums)
    for product in products:
        product.aftersale_feedback_count, *scores = figures.get(product.id, (0, *NOTHING))
        product.update(read_scores(products.env, scores))
