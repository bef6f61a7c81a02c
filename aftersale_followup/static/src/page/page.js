// Branching on the customer's page. Without this file every question is shown, and the server leaves out
// the answers to questions that were not asked; so nothing here is needed to answer.
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
    form.addEventListener("change", showAsked);
    // Browsers restore the answers after "back" without a change event.
    window.addEventListener("pageshow", showAsked);
    showAsked();
}

// One click is enough; the server would recognise a second one as the same answers.
form?.addEventListener("submit", () => {
    const button = form.querySelector("button");
    setTimeout(() => (button.disabled = true));
});
window.addEventListener("pageshow", () => {
    form?.querySelector("button").removeAttribute("disabled");
});

// Without a name nobody can be called back: one choice takes the other away. The server checks it as well.
const [anonymous, callBack] = ["anonymous", "call_back"].map((name) => form?.elements.namedItem(name));
if (anonymous && callBack) {
    anonymous.addEventListener("change", () => (callBack.checked &&= !anonymous.checked));
    callBack.addEventListener("change", () => (anonymous.checked &&= !callBack.checked));
}
