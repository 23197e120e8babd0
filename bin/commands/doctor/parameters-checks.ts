/**
 * Check of the caps in SSM's Parameter Store: that they can be read, and have been synced.
 */
import { attributesOf, SYNCED_PREFIX } from '../../../lambda/adapters/settings/parameter-item.ts';
import { type SettingItem, sortKeyOf } from '../../../lambda/adapters/settings/setting-items.ts';
import { ENV, SSM_CAPS_FOLDER } from '../../../lambda/contract.ts';
import type { Parameter } from '../../../lambda/ports/parameters.ts';
import { printable } from '../malformed-view.ts';
import { type Check, type Finding, ok, someOf, warning } from './finding.ts';
import { gatewayOf } from './stack-parts.ts';

/** Whether the settings say what the parameters do. */
export function verdictOnSync(
  path: string,
  parameters: readonly Parameter[],
  capItems: readonly SettingItem[],
): readonly Finding[] {
  const synced = new Map(
    capItems
      .filter((item) => sortKeyOf(item).startsWith(SYNCED_PREFIX))
      .map((item) => [sortKeyOf(item).slice(SYNCED_PREFIX.length), item]),
  );
  const late = parameters.filter((parameter) => !says(synced.get(parameter.name), parameter));
  const gone = [...synced.keys()].filter((name) => !parameters.some((one) => one.name === name));
  if (late.length + gone.length === 0) {
    return [ok(`${parameters.length} parameters under ${path}, all of them synced`)];
  }
  const names = [...late.map(({ name }) => name), ...gone].map(printable);
  return [
    warning(
      `${late.length} parameters under ${path} are not synced, and ${gone.length} that were ` +
        `removed still are: ${someOf(names)}`,
      'it takes a minute at most: run it again, then read the log of the SSM sync',
      names,
    ),
  ];
}

const says = (item: SettingItem | undefined, parameter: Parameter): boolean =>
  item !== undefined &&
  Object.entries(attributesOf(parameter)).every(([name, value]) => item[name] === value);

export const PARAMETER_CHECKS: readonly Check[] = [
  {
    id: 'ssm',
    needs: 'stack',
    run: async (scene) => {
      const settings = await gatewayOf(scene)?.settings();
      const prefix = settings?.environment[ENV.ssmPrefix] ?? '';
      const { account } = scene;
      if (prefix === '' || account === undefined) {
        return [ok('no caps are read from SSM (ssmPrefix is empty)')];
      }
      const [parameters, { capItems }] = await Promise.all([
        account.parameters(prefix),
        scene.settings(),
      ]);
      return verdictOnSync(`${prefix}/${SSM_CAPS_FOLDER}`, parameters, capItems);
    },
  },
];
