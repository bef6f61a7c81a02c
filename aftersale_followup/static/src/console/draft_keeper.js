import { browser } from "@web/core/browser/browser";
import { ConnectionLostError } from "@web/core/network/rpc";
import { user } from "@web/core/user";
import { Mutex } from "@web/core/utils/concurrency";

const MODEL = "aftersale.followup";
const PAUSE = 400; // milliseconds without a key until what was typed is sent
const AGAIN = 3000; // milliseconds until it is sent again when the server cannot be reached

// One for each follow-up and tab: a call that was left without connection may still be waiting to send.
const keepers = new Map();

function merge(first, second) {
    const typed = { ...first.typed, ...second.typed };
    return { ...first, ...second, answers: { ...first.answers, ...second.answers }, typed };
}

function nameParts({ answers = {}, typed, ...rest }) {
    return [...Object.keys(rest), ...Object.keys(answers).map((id) => `answers.${id}`)];
}

/**
 * Sends what is typed during a call to the server, one request after the other, and only what changed.
 *
 * Until the server has it, the tab keeps it, too: a reload may be faster than the request it interrupts. It is sent
 * with the moment at which it was typed, by the clock of the server (`clock`, milliseconds): what was typed later wins.
 */
export class DraftKeeper {
    constructor(orm, followupId, { clock, onHeard, onStatus }) {
        Object.assign(this, { orm, followupId, onHeard, onStatus });
        this.ahead = clock - Date.now();
        this.pending = null;
        this.sending = null;
        this.mutex = new Mutex();
        this.key = `aftersale_call_${followupId}`;
        keepers.get(followupId)?.retire();
        keepers.set(followupId, this);
    }

    /** Another one takes over for this follow-up, and what the tab keeps with it. */
    retire() {
        this.take();
        this.isRetired = true;
    }

    /** What an earlier page could not deliver, or null; it is sent again. */
    recover() {
        const values = JSON.parse(browser.sessionStorage.getItem(this.key));
        if (values) {
            this.change(values);
        }
        return values;
    }

    change(values) {
        const now = Date.now() + this.ahead;
        const typed = Object.fromEntries(nameParts(values).map((name) => [name, now]));
        this.pending = merge(this.pending || {}, { ...values, typed: { ...typed, ...values.typed } });
        this.remember();
        this.schedule(PAUSE);
    }

    /** Whether what `name` says was changed since it was sent. */
    isChanged(name) {
        return nameParts(this.pending || {}).includes(name);
    }

    remember() {
        if (this.isRetired) {
            return;
        }
        if (this.pending || this.sending) {
            const values = merge(this.sending || {}, this.pending || {});
            browser.sessionStorage.setItem(this.key, JSON.stringify(values));
        } else {
            browser.sessionStorage.removeItem(this.key);
        }
    }

    /** The call is over. */
    forget() {
        this.take();
        this.remember();
    }

    schedule(delay) {
        browser.clearTimeout(this.timer);
        this.timer = browser.setTimeout(() => this.flush(), delay);
    }

    /** What is not sent yet: from now on the caller's business. */
    take() {
        browser.clearTimeout(this.timer);
        const values = this.pending;
        this.pending = null;
        return values;
    }

    flush() {
        return this.mutex.exec(async () => {
            const values = this.take();
            if (!values) {
                return;
            }
            this.sending = values;
            this.onStatus("saving");
            try {
                const heard = await this.orm.silent.call(MODEL, "console_save", [[this.followupId], values]);
                this.sending = null;
                this.remember();
                this.onHeard(heard);
                this.onStatus("saved");
            } catch (error) {
                this.sending = null;
                if (!this.isRetired) {
                    this.pending = merge(values, this.pending || {});
                    this.onStatus("failed");
                }
                if (!(error instanceof ConnectionLostError)) {
                    throw error;
                }
                if (!this.isRetired) {
                    this.schedule(AGAIN);
                }
            }
        });
    }

    /** The page goes away: the browser delivers the last letters after it. */
    sendBeacon() {
        const values = this.pending;
        if (!values) {
            return;
        }
        const params = {
            model: MODEL,
            method: "console_save",
            args: [[this.followupId], values],
            kwargs: { context: user.context },
        };
        const body = JSON.stringify({ jsonrpc: "2.0", method: "call", id: 0, params });
        const blob = new Blob([body], { type: "application/json" });
        browser.navigator.sendBeacon(`/web/dataset/call_kw/${MODEL}/console_save`, blob);
    }
}
