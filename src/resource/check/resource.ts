import type { SourceDocument } from '../document.ts';
import type { AlertProviderValue } from '../schema/alert-provider.ts';
import type { CanaryValue } from '../schema/canary.ts';
import type { ConfigMapValue } from '../schema/config-map.ts';
import type { DeploymentValue } from '../schema/deployment.ts';
import type { MetricTemplateValue } from '../schema/metric-template.ts';
import type { ProcessValue } from '../schema/process.ts';

/** Which API a resource was written in. */
export type Flavour = 'sluice' | 'flagger';

interface Typed<Kind extends string, Value> {
  readonly kind: Kind;
  readonly document: SourceDocument;
  readonly flavour: Flavour;
  /** Checked against its schema: durations are milliseconds, percentages numbers. */
  readonly value: Value;
}

export type CanaryResource = Typed<'Canary', CanaryValue>;
export type MetricTemplateResource = Typed<'MetricTemplate', MetricTemplateValue>;
type AlertProviderResource = Typed<'AlertProvider', AlertProviderValue>;
export type ProcessResource = Typed<'Process', ProcessValue>;
export type DeploymentResource = Typed<'Deployment', DeploymentValue>;
export type ConfigMapResource = Typed<'ConfigMap', ConfigMapValue>;

/** A document that fits its schema. */
export type Resource =
  | CanaryResource
  | MetricTemplateResource
  | AlertProviderResource
  | ProcessResource
  | DeploymentResource
  | ConfigMapResource;

export type ResourceKind = Resource['kind'];
