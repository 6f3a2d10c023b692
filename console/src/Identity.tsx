/** Who the console asks as: secret, token and role, which are headers of the header editor. */

import { useId } from "react";

import { AUTHORIZATION, ROLE, SECRET, headerOf, readHeaders, withHeader } from "./headers";

interface Props {
  headers: string;
  onChange: (headers: string) => void;
}

interface FieldProps {
  label: string;
  value: string;
  hidden?: boolean;
  placeholder?: string;
  onChange: (value: string) => void;
}

function Field({ label, value, hidden, placeholder, onChange }: FieldProps) {
  const id = useId();
  return (
    <span className="identity-field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        type={hidden ? "password" : "text"}
        value={value}
        placeholder={placeholder}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => onChange(event.target.value)}
      />
    </span>
  );
}

export function Identity({ headers, onChange }: Props) {
  const current = readHeaders(headers);
  const token = headerOf(current, AUTHORIZATION).replace(/^Bearer /, "");
  const set = (name: string) => (value: string) => onChange(withHeader(headers, name, value));
  return (
    <header className="identity" aria-label="Who is asking">
      <strong>Rowgate</strong>
      <Field label="Admin secret" hidden value={headerOf(current, SECRET)} onChange={set(SECRET)} />
      <Field
        label="Token"
        hidden
        value={token}
        onChange={(value) => set(AUTHORIZATION)(value === "" ? "" : `Bearer ${value}`)}
      />
      <Field
        label="Role"
        placeholder="default"
        value={headerOf(current, ROLE)}
        onChange={set(ROLE)}
      />
    </header>
  );
}
