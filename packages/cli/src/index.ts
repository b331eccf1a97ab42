export const name: string = "portcullis";
