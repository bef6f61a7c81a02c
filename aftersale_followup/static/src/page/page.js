// What JavaScript adds to the customer's page: branching and drafts. Nothing here is needed to answer: without this file
// every question is shown with its condition, and the server leaves out the answers to questions that were not asked.
const form = document.querySelector("form");
const conditional = [...document.querySelectorAll("[data-triggers]")];

function showAsked() {
    for (const question of conditional) {
        const triggers = question.dataset.triggers.split(" ");
        const asked = [...form.querySelectorAll("fieldset:not([hidden]) > .choices :checked")].some((input) =>
            triggers.includes(input.value)
        );
        question.hidden = !asked;
        // A hidden answer is not sent: only what the customer sees counts.
        question.disabled = !asked;
    }
}

if (form && conditional.length) {
    form.querySelectorAll(".when").forEach((hint) => hint.remove());
    form.addEventListener("change", showAsked);
    // Browsers restore the answers after "back" without a change event.
    window.addEventListener("pageshow", showAsked);
}

// Drafts stay in this browser: a closed tab or another language costs nothing. They go when the answers are sent, when
// the customer answers without a name, and after a month. Browsers that keep nothing throw: then there are no drafts.
const [PREFIX, MONTH] = ["aftersale.", 30 * 24 * 3600 * 1000];
const draft = document.body.dataset.draft && PREFIX + document.body.dataset.draft;
const isTyped = (field) => field.name && !["hidden", "submit", "button"].includes(field.type);
const isTicked = (field) => ["radio", "checkbox"].includes(field.type);
const isFilled = (field) => isTyped(field) && (isTicked(field) ? field.checked : field.value);

function attempt(action) {
    try {
        return action();
    } catch {
        return null;
    }
}

function keep() {
    if (form.elements.namedItem("anonymous")?.checked) {
        localStorage.removeItem(draft);
        return;
    }
    const fields = [...form.elements].filter(isFilled);
    localStorage.setItem(draft, JSON.stringify({ time: Date.now(), fields: fields.map((f) => [f.name, f.value]) }));
}

/** Put the draft back where the page brought nothing: the star of the invitation and what was just sent are newer. */
function restore() {
    const { fields } = JSON.parse(localStorage.getItem(draft));
    const filled = new Set([...form.elements].filter(isFilled).map((field) => field.name));
    let count = 0;
    for (const [name, value] of fields.filter(([name]) => !filled.has(name))) {
        for (const field of [...form.elements].filter((f) => f.name === name && isTyped(f))) {
            if (!isTicked(field)) {
                field.value = value;
            } else if (field.value === value) {
                field.checked = true;
            } else {
                continue;
            }
            count++;
        }
    }
    const hint = form.querySelector(".kept");
    hint.hidden = !count;
    hint.querySelector("button").addEventListener("click", () => {
        localStorage.removeItem(draft);
        form.reset();
        hint.hidden = true;
        showAsked();
    });
}

function sweep() {
    for (const name of Object.keys(localStorage).filter((key) => key.startsWith(PREFIX))) {
        const time = attempt(() => JSON.parse(localStorage.getItem(name)).time);
        if (!(time > Date.now() - MONTH)) {
            localStorage.removeItem(name);
        }
    }
}

if (draft) {
    attempt(sweep);
    if (form) {
        attempt(restore);
        form.addEventListener("input", () => attempt(keep));
    } else {
        attempt(() => localStorage.removeItem(draft));
    }
}
if (form) {
    showAsked();
}

// One click is enough; the server would recognise a second one as the same answers.
form?.addEventListener("submit", () => {
    const button = form.querySelector("[type=submit]");
    setTimeout(() => (button.disabled = true));
});
window.addEventListener("pageshow", () => {
    form?.querySelector("[type=submit]").removeAttribute("disabled");
});

// Without a name nobody can be called back: one choice takes the other away. The server checks it as well.
const [anonymous, callBack] = ["anonymous", "call_back"].map((name) => form?.elements.namedItem(name));
if (anonymous && callBack) {
    anonymous.addEventListener("change", () => (callBack.checked &&= !anonymous.checked));
    callBack.addEventListener("change", () => (anonymous.checked &&= !callBack.checked));
}
