const VALUES = {
  number: (field) => (field.value === "" ? undefined : Number(field.value)),
  flag: (field) => field.checked,
  choice: (field) => (field.value === "" ? undefined : field.value === "true"),
  text: (field) => (field.value === "" ? undefined : field.value),
};

function house(form) {
  const known = [...form.querySelectorAll("[data-kind]")].map((field) => [field.name, VALUES[field.dataset.kind](field)]);
  return Object.fromEntries(known.filter(([, value]) => value !== undefined));
}

function line(text, style) {
  const made = document.createElement("p");
  made.textContent = text;
  made.className = style;
  return made;
}

function money(value, unit) {
  return `${Math.round(value).toLocaleString("en").replaceAll(",", "\u202f")} ${unit}`;
}

function range({price, lower, upper}, unit) {
  const bar = document.createElement("div");
  bar.className = "range";
  const mark = document.createElement("i");
  mark.style.left = `${(100 * (price - lower)) / (upper - lower)}%`;
  bar.append(mark);
  const ends = document.createElement("div");
  ends.className = "ends";
  for (const end of [lower, upper]) {
    const text = document.createElement("span");
    text.textContent = money(end, unit);
    ends.append(text);
  }
  return [bar, ends];
}

function answered(form, {predictions: [prediction], model_version}) {
  const unit = form.dataset.unit;
  const shown = [line(money(prediction.price, unit), "price")];
  if (prediction.upper > prediction.lower) {
    shown.push(...range(prediction, unit), line("Nine of ten such houses sell between these two prices.", ""));
  }
  shown.push(...prediction.warnings.map((warning) => line(warning, "wrong")));
  shown.push(line(`Priced by version ${model_version} of the model.`, ""));
  return shown;
}

function refused(form, {message, details = []}) {
  const faults = details.flatMap((detail) => detail.field_violations ?? []);
  for (const {field} of faults) {
    form.elements[field.split(".").pop()]?.setAttribute("aria-invalid", "true");
  }
  const told = faults.map(({field, description}) => `${field.split(".").pop()}: ${description}`);
  return (told.length ? told : [message]).map((text) => line(text, "wrong"));
}

async function ask(form) {
  form.querySelectorAll("[aria-invalid]").forEach((field) => field.removeAttribute("aria-invalid"));
  const body = JSON.stringify({houses: [house(form)]});
  const headers = {"content-type": "application/json"};
  try {
    const response = await fetch(form.action, {method: "POST", headers, body});
    const told = await response.json();
    return response.ok ? answered(form, told) : refused(form, told);
  } catch {
    return [line("The server does not answer. Try again in a moment.", "wrong")];
  }
}

function curl(form) {
  const body = JSON.stringify({houses: [house(form)]}).replaceAll("'", "'\\''");
  return `curl -H 'content-type: application/json' -d '${body}' \\\n  ${form.action}`;
}

for (const form of document.forms) {
  const program = form.parentElement.querySelector("[data-curl]");
  const output = form.querySelector("output");
  const button = form.querySelector("button");
  const write = () => (program.textContent = curl(form));
  form.addEventListener("input", write);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.setAttribute("aria-busy", "true");
    output.replaceChildren(...(await ask(form)));
    output.hidden = false;
    button.removeAttribute("aria-busy");
    output.scrollIntoView({block: "nearest"});
  });
  write();
}
