from collections import defaultdict, namedtuple

Contact = namedtuple("Contact", "day contact_class plan_id order_id state ref")


class ContactLedger:
    """The contacts each address, number and customer had or will have, for counting against the cap.

    Works on rows that expose ``email_key``, ``phone_key``, ``contact_class``, ``plan_id``, ``order_id`` either as a
    record of `aftersale.followup` or as the dictionary it will be created from.
    """

    def __init__(self):
        self._by_key = defaultdict(list)

    @staticmethod
    def keys(row):
        """Return what identifies the customer of ``row``: address, number, commercial partner."""
        if isinstance(row, dict):
            return [key for key in (row["email_key"], row["phone_key"], row["commercial_partner_id"]) if key]
        return [key for key in (row.email_key, row.phone_key, row.commercial_partner_id.id) if key]

    def add(self, row, day):
        """Count ``row`` as a contact on ``day``."""
        if isinstance(row, dict):
            contact = Contact(day, row["contact_class"], row["plan_id"], row.get("order_id"), "planned", row)
        else:
            contact = Contact(day, row.contact_class, row.plan_id.id, row.order_id.id, row.state, row)
        for key in self.keys(row):
            self._by_key[key].append(contact)

    def planned_records(self, none):
        """Return the stored follow-ups of this ledger that are still planned; ``none`` is the empty recordset."""
        contacts = (contact for contacts in self._by_key.values() for contact in contacts)
        return none.union(*{c.ref for c in contacts if c.state == "planned" and not isinstance(c.ref, dict)})

    def contacts(self, row):
        """Return the other contacts of the customer of ``row``, the earliest first."""
        found = {
            id(contact): contact for key in self.keys(row) for contact in self._by_key[key] if contact.ref is not row
        }
        if not isinstance(row, dict):
            found = {key: contact for key, contact in found.items() if contact.ref != row}
        return sorted(found.values(), key=lambda contact: contact.day)
