// An hour on the axis of a chart.

/** `14:00` for the hour that begins then, in the browser's time zone; some zones are half an hour off the hours of UTC. */
export const hourText = (from: Date) => from.toTimeString().slice(0, 5);
