"""Take part in a document: what is read line by line is put at its end; when there is no
more, print the text as JSON. client.py URL NAME; PYTHONPATH has the package."""
import asyncio
import json
import sys

from sennit import Document, aio


async def main(url: str, name: str) -> None:
    doc = Document()
    async with aio.Client(doc, url, name) as client:
        await client.live()
        loop = asyncio.get_running_loop()
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            doc.insert(len(doc), line)
        await client.saved()
        print(json.dumps(str(doc)))


asyncio.run(main(*sys.argv[1:]))
