import { IConstruct } from 'constructs';
import { isKnown, refuse, show } from '../validate';

/**
 * Options for Mezmo Log Analysis.
 */
export interface LogAnalysisOptions {
  /**
   * The address, where it is not Mezmo's usual one; without a path it gets `/logs/ingest`.
   *
   * https, or http for loopback, without user, query and fragment. An address that is a token is used as it is.
   *
   * @default "https://logs.mezmo.com/logs/ingest"
   */
  readonly url?: string;

  /**
   * Whether requests are compressed.
   *
   * @default true
   */
  readonly gzip?: boolean;
}

/**
 * Options for a Mezmo Pipeline.
 */
export interface PipelineOptions {
  /**
   * The address, where it is not Mezmo's usual one; without a path it gets `/v1/` and the route id.
   *
   * https, or http for loopback, without user, query and fragment. An address that is a token is used as it is.
   *
   * @default "https://pipeline.mezmo.com/v1/" and the route id
   */
  readonly url?: string;

  /**
   * Whether requests are compressed. Mezmo does not say that a Pipeline's HTTP source unpacks them: try it first.
   *
   * @default false
   */
  readonly gzip?: boolean;
}

/**
 * Where lines go: Mezmo Log Analysis or a Mezmo Pipeline.
 *
 * @example
 * new MezmoLogForwarder(this, 'Audit', {
 *   ingestionKey: IngestionKey.fromSecretsManager(secret, 'LOGDNA_KEY'),
 *   destination: MezmoDestination.pipeline('0a1b2c3d-route-id'),
 * });
 */
export abstract class MezmoDestination {
  /**
   * Mezmo Log Analysis.
   */
  public static logAnalysis(options: LogAnalysisOptions = {}): MezmoDestination {
    return new HttpDestination('log-analysis', options.url ?? 'https://logs.mezmo.com', '/logs/ingest', options.gzip);
  }

  /**
   * A Mezmo Pipeline.
   *
   * @param routeId the last part of the address that the Pipeline's HTTP source shows
   */
  public static pipeline(routeId: string, options: PipelineOptions = {}): MezmoDestination {
    return new HttpDestination('pipeline', options.url ?? 'https://pipeline.mezmo.com', `/v1/${routeId}`, options.gzip, routeId);
  }

  /** @internal */
  public abstract _bind(scope: IConstruct): DestinationSettings;
}

/**
 * The handler's settings for a destination.
 * @internal
 */
export interface DestinationSettings {
  readonly kind: 'log-analysis' | 'pipeline';
  readonly url: string;
  readonly gzip?: boolean;
}

class HttpDestination extends MezmoDestination {
  public constructor(
    private readonly kind: DestinationSettings['kind'],
    private readonly url: string,
    private readonly path: string,
    private readonly gzip?: boolean,
    private readonly routeId?: string,
  ) {
    super();
  }

  public _bind(scope: IConstruct): DestinationSettings {
    if (isKnown(this.routeId) && !/^(?!\.+$)[\w.~-]+$/.test(this.routeId)) {
      refuse(scope, `destination's routeId is ${show(this.routeId)}; give the last part of the address that the Pipeline's HTTP source shows`);
    }
    return { kind: this.kind, url: isKnown(this.url) ? this.address(scope, this.url) : this.url, gzip: this.gzip };
  }

  private address(scope: IConstruct, url: string): string {
    if (!URL.canParse(url)) {
      refuse(scope, `destination's url is ${show(url)}; give a whole address, such as "https://logs.mezmo.com"`);
    }
    const parsed = new URL(url);
    if (parsed.port === '0' || parsed.hostname.split('.').some((label) => label === '' || label.length > 63)) {
      refuse(scope, `destination's url is ${show(url)}; its host and port cannot be reached: give an address such as "https://logs.mezmo.com"`);
    }
    const loopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(parsed.hostname);
    if (parsed.protocol !== 'https:' && !(parsed.protocol === 'http:' && loopback)) {
      refuse(scope, `destination's url is ${show(url)}; give an https address: the key would travel in clear text`);
    }
    if (parsed.username || parsed.password || parsed.search || parsed.hash) {
      refuse(scope, `destination's url is ${show(parsed.origin + parsed.pathname)} with user, query or fragment; leave these out: the key comes from ingestionKey`);
    }
    // As it was understood, not as it was written: the handler is stricter than a browser.
    return parsed.pathname === '/' ? parsed.origin + this.path : parsed.href;
  }
}
