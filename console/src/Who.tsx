/** The head of the page: secret or token, sign-in, role, session variables. */

import { useId, useState, type FormEvent } from "react";

import type { Identity, Variable } from "./identity";

interface Props {
  identity: Identity;
  roles: string[];
  signIn: ((username: string, password: string) => Promise<void>) | null;
  onChange: (identity: Identity) => void;
}

interface FieldProps {
  label: string;
  value: string;
  hidden?: boolean;
  onChange: (value: string) => void;
}

function Field({ label, value, hidden, onChange }: FieldProps) {
  const id = useId();
  return (
    <span className="identity-field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        type={hidden ? "password" : "text"}
        value={value}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => onChange(event.target.value)}
      />
    </span>
  );
}

function SignIn({ signIn }: { signIn: NonNullable<Props["signIn"]> }) {
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const [refusal, setRefusal] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    signIn(username, password).then(
      () => {
        setPassword("");
        setRefusal("");
      },
      (error: Error) => setRefusal(error.message),
    );
  };
  return (
    <form className="identity-field" aria-label="Sign in" onSubmit={submit}>
      <Field label="Username" value={username} onChange={setUsername} />
      <Field label="Password" hidden value={password} onChange={setPassword} />
      <button type="submit">Sign in</button>
      {refusal && <span role="alert">{refusal}</span>}
    </form>
  );
}

function Variables({ variables, onChange }: {
  variables: Variable[];
  onChange: (variables: Variable[]) => void;
}) {
  const put = (at: number, change: Partial<Variable>) =>
    onChange(variables.map((one, place) => (place === at ? { ...one, ...change } : one)));
  return (
    <span className="identity-field" role="group" aria-label="Session variables">
      {variables.map((one, at) => (
        <span className="identity-field" key={at}>
          <input
            aria-label={`Name of session variable ${at + 1}`}
            placeholder="x-hasura-user-id"
            value={one.name}
            onChange={(event) => put(at, { name: event.target.value })}
          />
          <input
            aria-label={`Value of session variable ${at + 1}`}
            value={one.value}
            onChange={(event) => put(at, { value: event.target.value })}
          />
          <button
            type="button"
            aria-label={`Remove session variable ${at + 1}`}
            onClick={() => onChange(variables.filter((_, place) => place !== at))}
          >
            ×
          </button>
        </span>
      ))}
      <button type="button" onClick={() => onChange([...variables, { name: "", value: "" }])}>
        Add session variable
      </button>
    </span>
  );
}

export function Who({ identity, roles, signIn, onChange }: Props) {
  const role = useId();
  const set = (change: Partial<Identity>) => onChange({ ...identity, ...change });
  const options = [...new Set([...roles, ...(identity.role ? [identity.role] : [])])];
  return (
    <header className="identity" aria-label="Who is asking">
      <strong>Rowgate</strong>
      <Field
        label="Admin secret"
        hidden
        value={identity.secret}
        onChange={(secret) => set({ secret })}
      />
      <Field label="Token" hidden value={identity.token} onChange={(token) => set({ token })} />
      <span className="identity-field">
        <label htmlFor={role}>Role</label>
        <select
          id={role}
          value={identity.role}
          onChange={(event) => set({ role: event.target.value })}
        >
          <option value="">default</option>
          {options.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      </span>
      <Variables
        variables={identity.variables}
        onChange={(variables) => set({ variables })}
      />
      {signIn && <SignIn signIn={signIn} />}
    </header>
  );
}
