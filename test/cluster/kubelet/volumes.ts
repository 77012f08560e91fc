import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { Container, Pod, PodPlace } from './pod/pod.ts';
import type { Sources } from './pod/sources.ts';
import { type VolumeFiles, volumeFiles } from './pod/volume-files.ts';

/** Writes all volumes of a pod, each a folder of `folder/volumes`. What is missing, in words; null: nothing. */
export function writeVolumes(folder: string, pod: Pod, place: PodPlace, sources: Sources): string | null {
  for (const volume of pod.spec.volumes ?? []) {
    const target = join(folder, 'volumes', volume.name);
    mkdirSync(target, { recursive: true });
    const content = volumeFiles(volume, pod, place, sources);
    if (content.kind === 'missing') return `volume ${volume.name}: ${content.message}`;
    const given = volume.emptyDir !== undefined || volume.hostPath !== undefined;
    if (!given) writeFiles(target, content.files);
  }
  return null;
}

/**
 * The root of a container, in which `/etc/config` of a pod is `etc/config`: processes share the file system of the machine, so a program
 * takes the absolute paths of its mounts relative to its working folder or to the variable `POD_ROOT`, which both name this root.
 */
export function makeRoot(
  folder: string,
  container: Container,
): { readonly root: string; readonly cwd: string } {
  const root = join(folder, 'roots', container.name);
  const cwd = join(root, container.workingDir ?? '');
  mkdirSync(cwd, { recursive: true });
  for (const { name, mountPath, subPath = '' } of container.volumeMounts ?? []) {
    const mount = join(root, mountPath);
    if (existsSync(mount)) continue;
    mkdirSync(dirname(mount), { recursive: true });
    symlinkSync(join(folder, 'volumes', name, subPath), mount);
  }
  return { root, cwd };
}

/** Each file is there whole, old or new; unlike the kubelet's, several files of one volume do not change at one instant. */
function writeFiles(folder: string, files: VolumeFiles): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = relative(folder, join(entry.parentPath, entry.name));
    if (entry.isFile() && !files.has(path)) rmSync(join(folder, path));
  }
  for (const [path, content] of files) {
    const file = join(folder, path);
    if (existsSync(file) && readFileSync(file).equals(content)) continue;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(`${file}.new`, content);
    renameSync(`${file}.new`, file);
  }
}
