// What is asked of EC2 for an instance, and what it says of one. Pure; database columns hold these shapes.

export interface LaunchInput {
  imageId: string;
  instanceType: string;
  subnetId: string;
  securityGroupIds: string[];
  keyName: string | null;
  /** Name of the IAM instance profile; launches of before this was a choice have none. */
  instanceProfile?: string | null;
  publicAddress: boolean | null;
  volumes: {
    device: string;
    type: 'gp3' | 'gp2' | 'io1' | 'io2' | 'st1' | 'sc1';
    sizeGiB: number;
    iops: number | null;
    deleteOnTermination: boolean;
  }[];
  tags: Record<string, string>;
  /** Plain text; encoded by the adapter. At most 16 KiB. */
  userData: string | null;
  token: string;
}

export interface InstanceState {
  instanceId: string;
  imageId: string;
  state: 'pending' | 'running' | 'shutting-down' | 'terminated' | 'stopping' | 'stopped';
  stateReason: string | null;
  instanceType: string;
  privateAddress: string | null;
  publicAddress: string | null;
  launchedAt: string | null;
  /** Status checks: system and instance, in EC2's words. */
  systemStatus: string | null;
  instanceStatus: string | null;
}
