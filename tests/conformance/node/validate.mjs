// A FHIR R4 validator that answers until its input ends.
//
//     node validate.mjs [FOLDER of StructureDefinition, ValueSet, CodeSystem files ...]
//
// In: a line {"id", "resource", "profile"?} each. Out: first {"ready": {...}}, then a line
// {"id", "issues": [{severity, code, path, text, by}]} for each. `by` is medplum (its
// validateResource, as it is) or definitions (what that leaves out, see definitions.mjs).

import * as core from '@medplum/core';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Codes, loadBase, read, Walk } from './definitions.mjs';

loadBase();
const codes = new Codes(['valuesets.json', 'v3-codesystems.json', 'v2-tables.json'].map(read));
const profiles = loadProfiles(process.argv.slice(2));

function loadProfiles(folders) {
  const found = new Map();
  for (const folder of folders) {
    for (const name of readdirSync(folder).sort()) {
      if (!name.endsWith('.json')) continue;
      const resource = JSON.parse(readFileSync(join(folder, name), 'utf8'));
      codes.add(resource);
      if (resource.resourceType === 'StructureDefinition') found.set(resource.url, resource);
    }
  }
  for (const [url, profile] of found) {
    // Medplum copies the slices of the element a contentReference names, and then misses their
    // discriminator; what is behind such an element is judged by the base definition.
    for (const element of profile.snapshot.element) {
      if (element.contentReference) element.type = [{ code: 'BackboneElement' }];
      delete element.contentReference;
    }
    try {
      core.indexStructureDefinitionBundle([profile]);
    } catch {
      found.delete(url); // it slices by profile (IPS), which Medplum does not know
    }
  }
  return found;
}

function judge({ resource, profile }) {
  const fault = (code, text) => [{ severity: 'error', code, path: '', text, by: 'definitions' }];
  if (typeof resource?.resourceType !== 'string') return fault('structure', 'No resource');
  if (profile !== undefined && !profiles.has(profile)) return fault('not-found', 'No such profile');
  return [...byMedplum(resource, profiles.get(profile)), ...new Walk(codes, resource).run()];
}

function byMedplum(resource, profile) {
  let issues;
  try {
    issues = core.validateResource(resource, profile && { profile });
  } catch (error) {
    issues = error.outcome?.issue ?? [
      { severity: 'error', code: 'exception', details: { text: String(error.message ?? error) } },
    ];
  }
  return issues
    .map((one) => ({
      // What Medplum only warns of (two values of a choice, a reference to the wrong type) is
      // forbidden all the same.
      severity: one.severity === 'warning' ? 'error' : one.severity,
      code: one.code,
      path: one.expression?.[0] ?? '',
      text: one.details?.text ?? one.diagnostics ?? '',
      by: 'medplum',
    }))
    // It takes the text of a reference before the first slash for a type, whatever it is; absolute
    // ones are judged by definitions.mjs, by what they mean.
    .filter(({ text }) => !/^Invalid reference: got "(urn:|https?:)/.test(text));
}

const write = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
write({ ready: { node: process.versions.node, profiles: [...profiles.keys()] } });
for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const asked = JSON.parse(line);
  write({ id: asked.id, issues: judge(asked) });
}
