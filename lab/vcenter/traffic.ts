// Counts what was asked of the lab's vCenter and how many bytes of disks went out, so that tests can tell how much work
// a transfer was.

export interface DiskTraffic {
  vm: string;
  disk: number;
  transport: 'nfc' | 'folder';
  /** Answers that carried bytes, or would have (HEAD). */
  requests: number;
  /** Bytes of bodies that were sent. */
  bytes: number;
}

export class Traffic {
  #calls = new Map<string, number>();
  #disks = new Map<string, DiskTraffic>();

  /** A SOAP method was called, whatever came of it. */
  call(method: string): void {
    this.#calls.set(method, (this.#calls.get(method) ?? 0) + 1);
  }

  request(transport: DiskTraffic['transport'], vm: string, disk: number): void {
    this.#entry(transport, vm, disk).requests += 1;
  }

  sent(transport: DiskTraffic['transport'], vm: string, disk: number, bytes: number): void {
    this.#entry(transport, vm, disk).bytes += bytes;
  }

  report() {
    const disks = [...this.#disks.values()];
    const sum = (transport: DiskTraffic['transport']) => {
      const own = disks.filter((one) => one.transport === transport);
      return {
        requests: own.reduce((total, one) => total + one.requests, 0),
        bytes: own.reduce((total, one) => total + one.bytes, 0),
      };
    };
    const soap = Object.fromEntries([...this.#calls].sort());
    return { soap, nfc: sum('nfc'), folder: sum('folder'), disks: disks.map((one) => ({ ...one })) };
  }

  reset(): void {
    this.#calls.clear();
    this.#disks.clear();
  }

  #entry(transport: DiskTraffic['transport'], vm: string, disk: number): DiskTraffic {
    const key = `${transport} ${vm} ${disk}`;
    const known = this.#disks.get(key);
    if (known) return known;
    const entry: DiskTraffic = { vm, disk, transport, requests: 0, bytes: 0 };
    this.#disks.set(key, entry);
    return entry;
  }
}
