/** A long text, for streams that are to be cut, resumed or canceled. */
export const story = [
  "Once there was a lighthouse on a rock so small that the keeper had to count her steps. Nineteen around the tower, one hundred and twelve to the lamp.",
  "Every evening she climbed them with a can of oil in one hand and a logbook in the other, for the rule of the coast was simple: whatever happens, write it down, and give each line a number.",
  "Line by line the book filled. A schooner passing west. A gull with a bad temper. Fog, lifting. Fog, again.",
  "One night a storm took the bell, the railing and most of the stairs. It took the lamp as well, for the time it takes to say so.",
  "In the dark a ship called out, and the keeper answered with her voice alone. She read to it from the book, starting where its captain had last seen her light.",
  "Line four hundred and six, she called: reef to the north. Line four hundred and seven: the tide is turning. The captain, who had heard everything up to four hundred and five before the storm, needed nothing twice and missed nothing.",
  "The wind tore sentences apart, and she said the missing halves again, and never one word more than was missing.",
  "Toward morning a second ship came up behind the first. It had seen nothing at all of that night, so she read to it from the first line on, while the first ship waited for the next.",
  "Neither of them noticed the other's reading. There was one book, and there was room around it for as many as could listen.",
  "At last the captain of the first ship asked her to stop, for he was safe. She closed the sentence she was in, drew a line under it and wrote the word that ends a page.",
  "Only then did she sleep. The sea went on by itself, as it does, whether or not anybody watches.",
  "When they rebuilt the stairs they made them of iron. The steps were a hundred and thirteen now, and she counted them every evening just to be sure.",
  "The book is still there. If you row out and ask politely, the keeper will want to know one thing only: which line did you read last?",
].join("\n\n");
