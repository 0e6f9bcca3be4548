/** What a suite needs to know of a backend whose data outlives its service. */
export interface Durable<Service> {
  /** An unstarted service over the data that the stopped `service` left behind. */
  reopen(service: Service): Promise<Service> | Service;
}
