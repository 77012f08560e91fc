import { Hono } from 'hono';
import { type ApplyDocument, viewSchema } from '../../resource/view.ts';
import type { ApiEnv } from '../api-env.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { compileManifests } from '../manifests.ts';
import { InvalidManifest } from '../../resource/invalid-manifest.ts';
import { applyRequest, readBody } from '../request-schemas.ts';

/** Manifests in, services made or changed. Nothing is applied while one of the files has an error. */
export function applyRoutes(dependencies: ApiDependencies): Hono<ApiEnv> {
  return new Hono<ApiEnv>().post('/', async (context) => {
    const { files, dryRun } = await readBody(context, applyRequest);
    const applied = dependencies.commands.list().map(({ canary }) => canary.source);
    const { services, findings } = compileManifests(files, applied);
    if (findings.some((finding) => finding.severity === 'error')) throw new InvalidManifest(findings);
    const results =
      dryRun === true
        ? dependencies.commands.preview(services)
        : await dependencies.commands.apply(services, context.get('actor'));
    return context.json({
      schema: viewSchema,
      kind: 'Apply',
      services: results.map(({ key, outcome, revision }) => ({ key, change: outcome, revision })),
      findings,
    } satisfies ApplyDocument);
  });
}
