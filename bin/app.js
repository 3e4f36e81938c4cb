// Runs the CDK app from a bundle, which takes half the CPU of its sources: no compiler, and fewer modules of CDK's.
import { currentApp } from '../scripts/current-bundle.js';

await import(await currentApp());
