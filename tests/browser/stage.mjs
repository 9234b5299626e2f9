// The real server and a browser, for all the tests of a file.
import assert from "node:assert/strict";
import { after, before } from "node:test";

import { launch, Person, Server } from "./people.mjs";

export class Stage {
  server = new Server();
  browser;

  /** Begin before the first test, and end after the last one. */
  constructor() {
    before(async () => {
      await this.start();
      this.browser = await launch();
    });
    after(async () => {
      await this.browser?.close();
      await this.server.end();
    });
  }

  start() {
    return this.server.start("--group-ms", "5");
  }

  /** Somebody at a document, gone when the test is over. */
  async person(t, name, look) {
    const person = await Person.open(this.browser, this.server, name, look);
    t.after(() => person.close());
    return person;
  }

  people(t, name, n) {
    return Promise.all(Array.from({ length: n }, () => this.person(t, name)));
  }
}

/** No page complained of anything. */
export function calm(...people) {
  for (const person of people) assert.deepEqual(person.troubles, []);
}
