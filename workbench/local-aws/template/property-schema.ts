/**
 * How the runner treats a property: it uses the property, ignores it for a stated reason, or checks the nested
 * properties.
 */
export type PropertySchema = typeof USED | NoEffect | PropertyTable | readonly [PropertyTable];
export type PropertyTable = { readonly [property: string]: PropertySchema };

export class NoEffect {
  constructor(readonly reason: string) {} // why the property makes no difference on one machine
}

export interface ResourceType {
  readonly properties: PropertyTable | NoEffect;
  /** The property with the resource's name. Without it the name is `<stack>-<logical id>`. */
  readonly nameProperty?: string;
  /** Service and resource part of the ARN; `{name}` is replaced by the name. */
  readonly arn?: { readonly service: string; readonly resource: string; readonly global?: true };
  /** What `Ref` returns. @default 'name' */
  readonly ref?: 'name' | 'arn' | 'url';
  /** What `Fn::GetAtt` returns, besides `Arn`. */
  readonly attributes?: { readonly [attribute: string]: 'name' | 'arn' | 'url' };
}

export const USED = 'used';
export const noEffect = (reason: string) => new NoEffect(reason);

export const PERMISSIONS = noEffect(
  'who may call what is decided by the policies of the functions, and one machine has one user',
);
export const ENCRYPTION = noEffect('files of the data folder are as protected as the disk they are on');
export const WATCHING = noEffect('a local run pages no one; the view and the logs show it instead');
export const LABELS = noEffect('a label');
export const BACKUP = noEffect('backups of a data folder are made by copying it');
export const CAPACITY = noEffect('capacity is what the machine has');
export const STORAGE = noEffect('results are files of the data folder');
